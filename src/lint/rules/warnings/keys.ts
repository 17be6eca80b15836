import type { ConstrType } from 'libpg-query'
import { columnConstraint, columnOf, constraintOf } from '../../ast.ts'
import { type Altered, onAlterTable } from '../../on-alter-table.ts'
import type { Rule } from '../../rule.ts'

/** The table (and column) that gets a key whose index Postgres must build first. */
const findBuilt =
  (type: ConstrType) =>
  ({ command, table }: Altered): string | undefined => {
    if (command.subtype === 'AT_AddConstraint') {
      const { contype, indexname } = constraintOf(command)
      return contype === type && !indexname ? table : undefined
    }
    const column = columnOf(command)
    return columnConstraint(column, type) ? `${table}.${column.colname}` : undefined
  }

const unique: Rule = {
  id: 'disallowed-unique-constraint',
  level: 'warning',
  why: 'A UNIQUE constraint builds its index under an ACCESS EXCLUSIVE lock: nobody can read or write the table until it is built.',
  fix: 'CREATE UNIQUE INDEX CONCURRENTLY in a file of its own (`transaction:false`), then ADD CONSTRAINT … UNIQUE USING INDEX in the next: that takes a moment.',
  bad: `-- migrate:up
ALTER TABLE customers ADD CONSTRAINT customers_email_key UNIQUE (email); -- ✗

-- migrate:down
ALTER TABLE customers DROP CONSTRAINT customers_email_key;
`,
  good: `-- migrate:up
ALTER TABLE customers ADD CONSTRAINT customers_email_key UNIQUE USING INDEX customers_email_idx;

-- migrate:down
ALTER TABLE customers DROP CONSTRAINT customers_email_key;
`,
  find: onAlterTable(['AT_AddConstraint', 'AT_AddColumn'], (altered) => {
    const name = findBuilt('CONSTR_UNIQUE')(altered)
    return name && `${name}: its UNIQUE index is built under a lock that keeps out readers and writers`
  }),
}

const primary: Rule = {
  id: 'adding-serial-primary-key-field',
  level: 'warning',
  why: 'A PRIMARY KEY builds its index, and reads every row for NULLs, under an ACCESS EXCLUSIVE lock: nobody can read or write the table meanwhile.',
  fix: 'Make the column NOT NULL (see adding-not-nullable-field), CREATE UNIQUE INDEX CONCURRENTLY in a file of its own, then ADD CONSTRAINT … PRIMARY KEY USING INDEX.',
  bad: `-- migrate:up
ALTER TABLE audit ADD PRIMARY KEY (id); -- ✗

-- migrate:down
ALTER TABLE audit DROP CONSTRAINT audit_pkey;
`,
  good: `-- migrate:up
ALTER TABLE audit ADD CONSTRAINT audit_pkey PRIMARY KEY USING INDEX audit_id_idx;

-- migrate:down
ALTER TABLE audit DROP CONSTRAINT audit_pkey;
`,
  find: onAlterTable(['AT_AddConstraint', 'AT_AddColumn'], (altered) => {
    const name = findBuilt('CONSTR_PRIMARY')(altered)
    return name && `${name}: its primary key is built under a lock that keeps out readers and writers`
  }),
}

export const keyRules: readonly Rule[] = [unique, primary]
