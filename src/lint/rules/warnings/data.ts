import { relationName } from '../../ast.ts'
import { type At, isVacant } from '../../known.ts'
import { onStatement, type Rule } from '../../rule.ts'
import { type Write, writesOf } from '../../writes.ts'

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
            ? [`${relationName(node.RangeVar)}: CASCADE empties every table that refers to it`]
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
      .filter((name) => !isVacant(at, name))
      .map((name) => `${name}: every row is lost, and nobody can read the table until the file is done`),
  ),
}

const findUnbounded = (at: At & Write): string | undefined =>
  at.isBounded || isVacant(at, at.table)
    ? undefined
    : `${at.table}: ${at.verb} without WHERE locks every row of it until the file is done`

const unbounded: Rule = {
  id: 'unbounded-write',
  level: 'warning',
  why: "An UPDATE or DELETE of all rows locks each of them until the file is done: other writers of any row wait, an UPDATE doubles the table's size, and replicas and backups get it all at once.",
  fix: 'Write in batches (WHERE id BETWEEN …), one file or one run of a job for each. For rows with a constant, ADD COLUMN … DEFAULT needs no UPDATE at all.',
  bad: `-- migrate:up
UPDATE orders SET status = 'new'; -- ✗
DELETE FROM sessions; -- ✗

-- migrate:down
`,
  good: `-- migrate:up
UPDATE orders SET status = 'new' WHERE status IS NULL AND id BETWEEN 1 AND 10000;

-- migrate:down
`,
  find: (file) =>
    file.up.flatMap((statement, index) =>
      writesOf(statement).flatMap((write) => {
        const message = findUnbounded({ file, index, ...write })
        return message ? [{ line: statement.line, column: statement.column, message }] : []
      }),
    ),
}

export const dataRules: readonly Rule[] = [truncateCascade, truncate, unbounded]
