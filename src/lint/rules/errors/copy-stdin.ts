import { findFault } from '../../explain-fault.ts'
import { bodyOf, type Found, inSections, type LintedFile, onStatements, type Rule } from '../../rule.ts'

const findStatements = onStatements((statement) => {
  const copy = bodyOf(statement, 'CopyStmt')
  if (!copy || copy.filename !== undefined || copy.is_program) return undefined
  return copy.is_from ? 'reads rows from psql, which is not there' : 'writes rows to psql, which is not there'
})

const findData = inSections(findFault('copy-stdin'))

export const copyStdin: Rule = {
  id: 'copy-stdin',
  level: 'error',
  ignorable: false,
  why: 'COPY FROM stdin takes its rows from the client, and COPY TO stdout gives them to it. dbmate speaks neither; the data lines under a COPY, as pg_dump writes them, are a syntax error to the server.',
  fix: 'Write INSERT … VALUES; pg_dump does with --inserts or --rows-per-insert=100.',
  bad: `-- migrate:up
CREATE TABLE seasons (name text PRIMARY KEY, months int);
COPY seasons (name, months) FROM stdin; -- ✗
summer\t3
winter\t4
\\.

-- migrate:down
DROP TABLE seasons;
`,
  good: `-- migrate:up
CREATE TABLE seasons (name text PRIMARY KEY, months int);
INSERT INTO seasons (name, months) VALUES
  ('summer', 3),
  ('winter', 4);

-- migrate:down
DROP TABLE seasons;
`,
  find: (file: LintedFile): Found[] => [...findStatements(file), ...findData(file)],
}
