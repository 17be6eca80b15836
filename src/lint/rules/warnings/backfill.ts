import { relationName } from '../../ast.ts'
import { type At, isCreated } from '../../created.ts'
import { commandsOf } from '../../on-alter-table.ts'
import type { Statement } from '../../parse.ts'
import type { Rule } from '../../rule.ts'
import { writesOf } from '../../writes.ts'

/** The table whose readers or writers wait from this statement to the end of the transaction. */
const lockedBy = ({ node }: Statement): string | undefined => {
  if ('AlterTableStmt' in node) {
    const { relation, objtype } = node.AlterTableStmt
    const weak = commandsOf(node.AlterTableStmt).every(({ subtype }) => subtype === 'AT_ValidateConstraint')
    return weak || objtype !== 'OBJECT_TABLE' ? undefined : relationName(relation)
  }
  if ('CreateTrigStmt' in node) return relationName(node.CreateTrigStmt.relation)
  if ('IndexStmt' in node) return relationName(node.IndexStmt.relation)
  return 'RenameStmt' in node && node.RenameStmt.relation ? relationName(node.RenameStmt.relation) : undefined
}

const findLocked = ({ file, index }: At): string | undefined =>
  file.up
    .slice(0, index)
    .flatMap((statement, at) => {
      const table = lockedBy(statement)
      return table && !isCreated({ file, index: at }, table) ? [table] : []
    })
    .at(0)

const backfill: Rule = {
  id: 'backfill-with-ddl',
  level: 'warning',
  why: 'ALTER TABLE, CREATE TRIGGER and CREATE INDEX keep their lock until the transaction ends. Rows that the same file writes afterwards are written while everybody waits for that lock.',
  fix: 'Two files: the change first, the rows in the next one, in batches.',
  bad: `-- migrate:up
ALTER TABLE orders ADD COLUMN channel text;
UPDATE orders SET channel = 'web' WHERE channel IS NULL; -- ✗

-- migrate:down
ALTER TABLE orders DROP COLUMN channel;
`,
  good: `-- migrate:up
UPDATE orders SET channel = 'web' WHERE channel IS NULL AND id BETWEEN 1 AND 10000;

-- migrate:down
`,
  find: (file) =>
    file.migration.transaction
      ? file.up.flatMap((statement, index) => {
          const [write] = writesOf(statement)
          const locked = write && findLocked({ file, index })
          const { line, column } = statement
          return locked
            ? [
                {
                  line,
                  column,
                  message: `${write.table}: written while this file holds its lock on ${locked}.`,
                },
              ]
            : []
        })
      : [],
}

export const backfillRules: readonly Rule[] = [backfill]
