import { findFault } from '../../explain-fault.ts'
import { inSections, type Rule } from '../../rule.ts'

export const psqlCommand: Rule = {
  id: 'psql-command',
  level: 'error',
  ignorable: false,
  why: 'Lines that begin with a backslash, \\gset and :variables are psql. dbmate sends the file to the server, which knows none of them.',
  fix: 'Leave the command out; write the included file, or the value, here. A dump taken with pg_dump 17.6 or newer begins with \\restrict and ends with \\unrestrict: remove both lines.',
  bad: `-- migrate:up
CREATE TABLE guides (id bigint PRIMARY KEY);
\\i seed/guides.sql -- ✗

-- migrate:down
DROP TABLE guides;
`,
  good: `-- migrate:up
CREATE TABLE guides (id bigint PRIMARY KEY);
COMMENT ON TABLE guides IS E'not a command:
\\\\i seed/guides.sql';

-- migrate:down
DROP TABLE guides;
`,
  find: inSections(findFault('psql-command')),
}
