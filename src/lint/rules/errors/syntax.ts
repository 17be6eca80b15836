import { findFault } from '../../explain-fault.ts'
import { inSections, type Rule } from '../../rule.ts'

export const syntax: Rule = {
  id: 'syntax',
  level: 'error',
  why: "Postgres' own grammar cannot read this. The run would stop here, after earlier files were applied; in a down section the fault would wait for the day of the rollback.",
  fix: 'Correct the SQL; the caret stands where the grammar stops. Where the server is newer and knows the statement, -- po-migrate:ignore syntax REASON above the up marker lets the file pass, unread by every other rule.',
  bad: `-- migrate:up
CREATE TABLE guides (
  id bigint PRIMARY KEY,
  name text NOT NULL,
); -- ✗

-- migrate:down
DROP TABLE guides;
`,
  good: `-- migrate:up
CREATE TABLE guides (
  id bigint PRIMARY KEY,
  name text NOT NULL
);

-- migrate:down
DROP TABLE guides;
`,
  find: inSections(findFault('syntax')),
}
