import { type Found, inSections, type Rule } from '../../rule.ts'
import { findChanged, findLeaks } from '../../session-settings.ts'

/** Under another role dbmate may not write its table of versions. */
const roles = ['role', 'session_authorization']
const settings = ['session_replication_role', 'session characteristics']

export const leakedRole: Rule = {
  id: 'leaked-role',
  level: 'error',
  why: 'dbmate records the version behind the last statement, in the same transaction, as the role that is set then: it may not write the table of versions (42501), or writes as somebody else. SET LOCAL lasts until there, and RESET ALL leaves the role as it is. session_replication_role turns triggers and foreign keys off, for later files of plain dbmate as well.',
  fix: 'End the section with RESET ROLE (or SET ROLE NONE); ALTER … OWNER TO says who owns a thing. Write SET LOCAL session_replication_role.',
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
  find: inSections((section): Found[] => [
    ...findChanged(section, roles)
      .filter(({ isLocal }) => section.transaction || !isLocal)
      .map(({ name, isLocal, statement: { line, column } }) => ({
        line,
        column,
        message: isLocal
          ? `${name} is still changed when dbmate records the version`
          : `${name} stays changed when dbmate records the version, and for every file after this one`,
      })),
    ...findLeaks(section, settings, (name) => `${name} stays changed for every file after this one`),
  ]),
}
