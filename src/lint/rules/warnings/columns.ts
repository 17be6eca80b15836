import { columnConstraint, columnType, defaultOf } from '../../ast.ts'
import { type Added, onAddedColumn } from '../../on-alter-table.ts'
import type { Rule } from '../../rule.ts'
import { findVolatile } from '../../volatility.ts'

const serialTypes: readonly string[] = ['smallserial', 'serial2', 'serial', 'serial4', 'bigserial', 'serial8']

const fillsItself = ({ column }: Added): boolean =>
  serialTypes.includes(columnType(column.typeName).name) ||
  columnConstraint(column, 'CONSTR_IDENTITY') !== undefined

const volatileDefault: Rule = {
  id: 'adding-field-with-default',
  level: 'warning',
  why: 'A default that differs from row to row is computed and written for every row: Postgres rewrites the table and all its indexes under an ACCESS EXCLUSIVE lock, nobody can read or write it meanwhile. A constant, now() or another STABLE function is stored once and is safe.',
  fix: 'Add the column without a default, SET DEFAULT in the same file (it holds for new rows), and fill the old rows in batches in a later one.',
  bad: `-- migrate:up
ALTER TABLE orders ADD COLUMN public_id uuid DEFAULT gen_random_uuid(); -- ✗

-- migrate:down
ALTER TABLE orders DROP COLUMN public_id;
`,
  good: `-- migrate:up
ALTER TABLE orders ADD COLUMN public_id uuid;
ALTER TABLE orders ALTER COLUMN public_id SET DEFAULT gen_random_uuid();
ALTER TABLE orders ADD COLUMN imported_at timestamptz NOT NULL DEFAULT now();

-- migrate:down
ALTER TABLE orders DROP COLUMN public_id, DROP COLUMN imported_at;
`,
  find: onAddedColumn(({ column, name }) => {
    const expression = defaultOf(column)
    const call = expression && findVolatile(expression)
    return (
      call &&
      `${name}: its default calls ${call}(), which rewrites the whole table unless that function is STABLE or IMMUTABLE`
    )
  }),
}

const storedGenerated: Rule = {
  id: 'adding-stored-generated-field',
  level: 'warning',
  why: 'A stored generated column is computed for every row: Postgres rewrites the table and all its indexes under an ACCESS EXCLUSIVE lock, nobody can read or write it meanwhile.',
  fix: 'Add a plain column, keep it filled by a trigger, and fill the old rows in batches in a later file; or compute it in a view or an expression index.',
  bad: `-- migrate:up
ALTER TABLE orders ADD COLUMN total_cents bigint GENERATED ALWAYS AS (total * 100) STORED; -- ✗

-- migrate:down
ALTER TABLE orders DROP COLUMN total_cents;
`,
  good: `-- migrate:up
ALTER TABLE orders ADD COLUMN total_cents bigint;

-- migrate:down
ALTER TABLE orders DROP COLUMN total_cents;
`,
  find: onAddedColumn(({ column, name }) =>
    columnConstraint(column, 'CONSTR_GENERATED')
      ? `${name}: a stored generated column rewrites the whole table`
      : undefined,
  ),
}

const autoIncrement: Rule = {
  id: 'adding-auto-increment-field',
  level: 'warning',
  why: 'A serial or identity column numbers every row at once: Postgres rewrites the table and all its indexes under an ACCESS EXCLUSIVE lock, nobody can read or write it meanwhile.',
  fix: 'Add a plain bigint column, create a sequence, SET DEFAULT nextval(…) for new rows, and number the old rows in batches in a later file.',
  bad: `-- migrate:up
ALTER TABLE audit ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY; -- ✗
ALTER TABLE audit ADD COLUMN position bigserial; -- ✗

-- migrate:down
ALTER TABLE audit DROP COLUMN number, DROP COLUMN position;
`,
  good: `-- migrate:up
CREATE SEQUENCE audit_number_seq;
ALTER TABLE audit ADD COLUMN number bigint;
ALTER TABLE audit ALTER COLUMN number SET DEFAULT nextval('audit_number_seq');

-- migrate:down
ALTER TABLE audit DROP COLUMN number;
DROP SEQUENCE audit_number_seq;
`,
  find: onAddedColumn((added) =>
    fillsItself(added) ? `${added.name}: numbering every row rewrites the whole table` : undefined,
  ),
}

const required: Rule = {
  id: 'adding-required-field',
  level: 'warning',
  why: 'A NOT NULL column without a default fails on the first table that has a row; and where it works, a program of the release before cannot insert any more.',
  fix: 'Give it a constant default, or add it without NOT NULL, fill it, and set NOT NULL by adding-not-nullable-field.',
  bad: `-- migrate:up
ALTER TABLE orders ADD COLUMN channel text NOT NULL; -- ✗

-- migrate:down
ALTER TABLE orders DROP COLUMN channel;
`,
  good: `-- migrate:up
ALTER TABLE orders ADD COLUMN channel text NOT NULL DEFAULT 'web';

-- migrate:down
ALTER TABLE orders DROP COLUMN channel;
`,
  find: onAddedColumn((added) => {
    const { column, name } = added
    const filled =
      defaultOf(column) ?? columnConstraint(column, 'CONSTR_GENERATED') ?? (fillsItself(added) || undefined)
    return columnConstraint(column, 'CONSTR_NOTNULL') && !filled
      ? `${name}: NOT NULL without a default fails as soon as ${added.table} has a row`
      : undefined
  }),
}

export const columnRules: readonly Rule[] = [volatileDefault, storedGenerated, autoIncrement, required]
