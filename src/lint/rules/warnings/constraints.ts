import type { Constraint } from 'libpg-query'
import { columnConstraint, columnOf, constraintOf, defaultOf, relationName } from '../../ast.ts'
import { type Altered, commandsOf, onAlterTable } from '../../on-alter-table.ts'
import { upIsOneTransaction } from '../../one-transaction.ts'
import type { Rule } from '../../rule.ts'

const nameOf = ({ conname }: Constraint, what: string): string => (conname ? `${conname}` : `the ${what}`)

const findCheck = ({ command, table }: Altered): string | undefined => {
  if (command.subtype === 'AT_AddConstraint') {
    const constraint = constraintOf(command)
    return constraint.contype !== 'CONSTR_CHECK' || constraint.skip_validation
      ? undefined
      : `${table}: adding ${nameOf(constraint, 'CHECK')} without NOT VALID reads the whole table under an exclusive lock`
  }
  const column = columnOf(command)
  return columnConstraint(column, 'CONSTR_CHECK')
    ? `${table}.${column.colname}: its CHECK makes Postgres read the whole table under an exclusive lock`
    : undefined
}

const missingNotValid: Rule = {
  id: 'constraint-missing-not-valid',
  level: 'warning',
  why: 'ADD CONSTRAINT … CHECK (or a new column with a CHECK) takes an ACCESS EXCLUSIVE lock and keeps it while it reads every row: nobody can read or write the table meanwhile.',
  fix: 'Add it with NOT VALID (new rows are checked at once), and VALIDATE CONSTRAINT in a later file: that one lets readers and writers go on.',
  bad: `-- migrate:up
ALTER TABLE orders ADD CONSTRAINT orders_total_positive CHECK (total >= 0); -- ✗

-- migrate:down
ALTER TABLE orders DROP CONSTRAINT orders_total_positive;
`,
  good: `-- migrate:up
ALTER TABLE orders ADD CONSTRAINT orders_total_positive CHECK (total >= 0) NOT VALID;

-- migrate:down
ALTER TABLE orders DROP CONSTRAINT orders_total_positive;
`,
  find: onAlterTable(['AT_AddConstraint', 'AT_AddColumn'], findCheck),
}

/** A new column without a default holds only NULLs, so Postgres validates nothing. */
const findForeignKey = ({ command, table }: Altered): string | undefined => {
  if (command.subtype === 'AT_AddConstraint') {
    const constraint = constraintOf(command)
    return constraint.contype !== 'CONSTR_FOREIGN' || constraint.skip_validation
      ? undefined
      : `${table}: adding ${nameOf(constraint, 'foreign key')} without NOT VALID checks every row while writes to it and to ${relationName(constraint.pktable)} wait`
  }
  const column = columnOf(command)
  const key = columnConstraint(column, 'CONSTR_FOREIGN')
  return key && defaultOf(column)
    ? `${table}.${column.colname}: with a default its foreign key to ${relationName(key.pktable)} is checked for every row under an exclusive lock`
    : undefined
}

const foreignKey: Rule = {
  id: 'adding-foreign-key-constraint',
  level: 'warning',
  why: 'A foreign key takes a SHARE ROW EXCLUSIVE lock on both tables and keeps it while it looks up every row: all writes to both wait.',
  fix: 'Add it with NOT VALID, and VALIDATE CONSTRAINT in a later file. A partitioned table cannot have a NOT VALID foreign key in Postgres 17: add it to each partition first. A new column with REFERENCES and no default is safe.',
  bad: `-- migrate:up
ALTER TABLE orders ADD CONSTRAINT orders_customer_fkey FOREIGN KEY (customer_id) REFERENCES customers (id); -- ✗

-- migrate:down
ALTER TABLE orders DROP CONSTRAINT orders_customer_fkey;
`,
  good: `-- migrate:up
ALTER TABLE orders ADD CONSTRAINT orders_customer_fkey FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID;

-- migrate:down
ALTER TABLE orders DROP CONSTRAINT orders_customer_fkey;
`,
  find: onAlterTable(['AT_AddConstraint', 'AT_AddColumn'], findForeignKey),
}

/** Whether the file altered the table, in this statement or before, in a way whose lock outlives the statement. */
const isLocked = ({ file, index, table }: Altered): boolean =>
  file.up
    .slice(0, index + 1)
    .some(
      ({ node }) =>
        'AlterTableStmt' in node &&
        relationName(node.AlterTableStmt.relation) === table &&
        commandsOf(node.AlterTableStmt).some(({ subtype }) => subtype !== 'AT_ValidateConstraint'),
    )

const validating: Rule = {
  id: 'validating-constraint-in-same-transaction',
  level: 'warning',
  why: 'VALIDATE CONSTRAINT alone lets others read and write, but a lock lives until the transaction ends: after another ALTER TABLE of the same file the whole validation runs under that stronger lock, and NOT VALID has gained nothing.',
  fix: 'Move VALIDATE CONSTRAINT to a file of its own, after the one that adds the constraint.',
  bad: `-- migrate:up
ALTER TABLE orders ADD CONSTRAINT orders_total_positive CHECK (total >= 0) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_total_positive; -- ✗

-- migrate:down
ALTER TABLE orders DROP CONSTRAINT orders_total_positive;
`,
  good: `-- migrate:up
ALTER TABLE orders VALIDATE CONSTRAINT orders_status_known;

-- migrate:down
`,
  find: onAlterTable(['AT_ValidateConstraint'], (altered) =>
    upIsOneTransaction(altered.file) && isLocked(altered)
      ? `${altered.table}: ${altered.command.name} is validated under the lock that the same file already took on the table`
      : undefined,
  ),
}

const exclusion: Rule = {
  id: 'adding-exclusion-constraint',
  level: 'warning',
  why: 'An EXCLUDE constraint builds its index under an ACCESS EXCLUSIVE lock: nobody can read or write the table until it is built. Postgres has no concurrent way.',
  fix: 'Give a new table the constraint and move the rows over in batches, or run it in a maintenance window and say so with `-- po-migrate:ignore`.',
  bad: `-- migrate:up
ALTER TABLE bookings ADD CONSTRAINT bookings_no_overlap EXCLUDE USING gist (room WITH =, during WITH &&); -- ✗

-- migrate:down
ALTER TABLE bookings DROP CONSTRAINT bookings_no_overlap;
`,
  good: `-- migrate:up
CREATE TABLE reservations (
  room   text      NOT NULL,
  during tstzrange NOT NULL,
  CONSTRAINT reservations_no_overlap EXCLUDE USING gist (room WITH =, during WITH &&)
);

-- migrate:down
DROP TABLE reservations;
`,
  find: onAlterTable(['AT_AddConstraint'], ({ command, table }) =>
    constraintOf(command).contype === 'CONSTR_EXCLUSION'
      ? `${table}: its exclusion constraint is built under a lock that keeps out readers and writers`
      : undefined,
  ),
}

export const constraintRules: readonly Rule[] = [missingNotValid, foreignKey, validating, exclusion]
