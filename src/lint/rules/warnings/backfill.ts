import { relationName } from '../../ast.ts'
import { isVacant } from '../../known.ts'
import { commandsOf } from '../../on-alter-table.ts'
import { upIsOneTransaction } from '../../one-transaction.ts'
import type { Statement } from '../../parse.ts'
import type { Found, LintedFile, Rule } from '../../rule.ts'
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
  if (!('RenameStmt' in node) || node.RenameStmt.renameType === 'OBJECT_INDEX') return undefined
  return node.RenameStmt.relation && relationName(node.RenameStmt.relation)
}

type Lock = { index: number; table: string }

/** The first lock on a table that others know; those after it only make it worse. */
const findLock = (file: LintedFile): Lock | undefined => {
  for (const [index, statement] of file.up.entries()) {
    const table = lockedBy(statement)
    if (table && !isVacant({ file, index }, table)) return { index, table }
  }
  return undefined
}

const findWrites = (file: LintedFile): Found[] => {
  const lock = findLock(file)
  return file.up.flatMap((statement, index) => {
    const { line, column } = statement
    const [write] = lock && index > lock.index ? writesOf(statement) : []
    const message = `${write?.table}: written while this file holds its lock on ${lock?.table}`
    return write ? [{ line, column, message }] : []
  })
}

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
UPDATE orders SET status = 'new' WHERE status IS NULL AND id BETWEEN 1 AND 10000;

-- migrate:down
`,
  find: (file) => (upIsOneTransaction(file) ? findWrites(file) : []),
}

export const backfillRules: readonly Rule[] = [backfill]
