import type { Node, RangeVar } from 'libpg-query'
import { relationName } from '../../ast.ts'
import { type At, isCreated } from '../../created.ts'
import { commandsOf } from '../../on-alter-table.ts'
import type { Statement } from '../../parse.ts'
import { type Found, type LintedFile, onStatement, type Rule } from '../../rule.ts'

type Write = { relation?: RangeVar; whereClause?: Node }

const truncateCascade: Rule = {
  id: 'ban-truncate-cascade',
  level: 'warning',
  why: 'TRUNCATE … CASCADE also empties every table that refers to the named one, and those that refer to them; which these are differs from database to database.',
  fix: 'Name every table that should be emptied; without CASCADE Postgres lists what is missing and changes nothing.',
  bad: `-- migrate:up
CREATE TABLE prices (id bigint PRIMARY KEY);
TRUNCATE prices CASCADE; -- ✗

-- migrate:down
DROP TABLE prices;
`,
  good: `-- migrate:up
CREATE TABLE prices (id bigint PRIMARY KEY);
TRUNCATE prices;

-- migrate:down
DROP TABLE prices;
`,
  find: onStatement('TruncateStmt', ({ body }) =>
    body.behavior === 'DROP_CASCADE'
      ? (body.relations ?? []).flatMap((node) =>
          'RangeVar' in node
            ? [`${relationName(node.RangeVar)}: CASCADE empties every table that refers to it.`]
            : [],
        )
      : undefined,
  ),
}

const truncate: Rule = {
  id: 'ban-truncate',
  level: 'warning',
  why: 'TRUNCATE deletes every row under an ACCESS EXCLUSIVE lock that keeps out readers, too, until the file is done; a rollback section cannot bring the rows back.',
  fix: 'DELETE what should go, with a WHERE clause; if the whole table should be emptied, say so with `-- po-migrate:ignore`.',
  bad: `-- migrate:up
TRUNCATE sessions; -- ✗

-- migrate:down
`,
  good: `-- migrate:up
DELETE FROM sessions WHERE expires_at < now();

-- migrate:down
`,
  find: onStatement('TruncateStmt', ({ body, ...at }) =>
    (body.relations ?? [])
      .flatMap((node) => ('RangeVar' in node ? [relationName(node.RangeVar)] : []))
      .filter((name) => !isCreated(at, name))
      .map((name) => `${name}: every row is lost, and nobody can read the table until the file is done.`),
  ),
}

const findUnbounded = (verb: string, { body, ...at }: At & { body: Write }): string | undefined => {
  const table = relationName(body.relation)
  return body.whereClause || isCreated(at, table)
    ? undefined
    : `${table}: ${verb} without WHERE locks every row of it until the file is done.`
}

const unbounded: Rule = {
  id: 'unbounded-write',
  level: 'warning',
  why: 'An UPDATE or DELETE of all rows locks each of them until the file is done: other writers of any row wait, an UPDATE doubles the table’s size, and replicas and backups get it all at once.',
  fix: 'Write in batches (WHERE id BETWEEN …), one file or one run of a job for each. For rows with a constant, ADD COLUMN … DEFAULT needs no UPDATE at all.',
  bad: `-- migrate:up
UPDATE orders SET channel = 'web'; -- ✗
DELETE FROM sessions; -- ✗

-- migrate:down
`,
  good: `-- migrate:up
UPDATE orders SET channel = 'web' WHERE channel IS NULL AND id BETWEEN 1 AND 10000;

-- migrate:down
`,
  find: (file: LintedFile): Found[] => [
    ...onStatement('UpdateStmt', (checked) => findUnbounded('UPDATE', checked))(file),
    ...onStatement('DeleteStmt', (checked) => findUnbounded('DELETE', checked))(file),
  ],
}

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

/** The table that a statement may write many rows of; INSERT … VALUES is not meant. */
const writtenBy = ({ node }: Statement): string | undefined => {
  if ('UpdateStmt' in node) return relationName(node.UpdateStmt.relation)
  if ('DeleteStmt' in node) return relationName(node.DeleteStmt.relation)
  if ('MergeStmt' in node) return relationName(node.MergeStmt.relation)
  if (!('InsertStmt' in node)) return undefined
  const { relation, selectStmt } = node.InsertStmt
  const values = selectStmt && 'SelectStmt' in selectStmt && selectStmt.SelectStmt.valuesLists
  return selectStmt && !values ? relationName(relation) : undefined
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
  find: (file: LintedFile): Found[] =>
    file.up.flatMap((statement, index) => {
      const written = writtenBy(statement)
      const locked = file.migration.transaction && written ? findLocked({ file, index }) : undefined
      const { line, column } = statement
      return locked
        ? [{ line, column, message: `${written}: written while this file holds its lock on ${locked}.` }]
        : []
    }),
}

export const dataRules: readonly Rule[] = [truncateCascade, truncate, unbounded, backfill]
