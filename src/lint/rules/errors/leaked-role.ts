import { inSections, type Rule } from '../../rule.ts'
import { findLeaks } from '../../session-settings.ts'

const settings = ['role', 'session_authorization', 'session_replication_role', 'session characteristics']

export const leakedRole: Rule = {
  id: 'leaked-role',
  level: 'error',
  why: 'Another role outlives its file: dbmate records the version as that role, and every later file of the connection makes its objects under the wrong owner, or may not make them. session_replication_role turns triggers and foreign keys off, for later files as well.',
  fix: 'Write SET LOCAL, or RESET it at the end of the section; ALTER … OWNER TO says who owns a thing.',
  bad: `-- migrate:up
SET ROLE calendar_owner; -- ✗
CREATE TABLE guides (id bigint PRIMARY KEY);

-- migrate:down
DROP TABLE guides;
`,
  good: `-- migrate:up
SET LOCAL ROLE calendar_owner;
CREATE TABLE guides (id bigint PRIMARY KEY);
RESET ROLE;

-- migrate:down
DROP TABLE guides;
`,
  find: inSections((section) =>
    findLeaks(section, settings, (name) => `${name} stays changed for every file after this one`),
  ),
}
