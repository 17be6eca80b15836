import type { ObjectType } from 'libpg-query'
import type { Kind, Statement } from '../../parse.ts'
import { bodyOf, type Found, inSections, type Rule } from '../../rule.ts'

const kinds: Partial<Record<Kind, string>> = {
  CreateRoleStmt: 'a role',
  AlterRoleStmt: 'a role',
  AlterRoleSetStmt: 'a role',
  DropRoleStmt: 'a role',
  CreateTableSpaceStmt: 'a tablespace',
  DropTableSpaceStmt: 'a tablespace',
  AlterTableSpaceOptionsStmt: 'a tablespace',
  AlterSystemStmt: "the server's configuration",
  CreatedbStmt: 'a database',
  DropdbStmt: 'a database',
}

const objects: Partial<Record<ObjectType, string>> = {
  OBJECT_ROLE: 'a role',
  OBJECT_TABLESPACE: 'a tablespace',
}

const sharedThing = (statement: Statement): string | undefined => {
  const type =
    bodyOf(statement, 'RenameStmt')?.renameType ??
    bodyOf(statement, 'CommentStmt')?.objtype ??
    bodyOf(statement, 'SecLabelStmt')?.objtype ??
    bodyOf(statement, 'AlterOwnerStmt')?.objectType
  return kinds[statement.kind] ?? (type && objects[type])
}

const repeatable = new Set<Kind>(['AlterRoleStmt', 'AlterRoleSetStmt', 'CommentStmt', 'SecLabelStmt'])

/** What may run once for each environment, since the second run changes nothing. */
const isRepeatable = ({ kind }: Statement): boolean => repeatable.has(kind)

export const clusterWide: Rule = {
  id: 'cluster-wide',
  level: 'error',
  why: 'Roles, tablespaces, databases and ALTER SYSTEM belong to the whole server, which several environments share. The same file runs once for each of them: a plain CREATE ROLE applies in the first and fails in the second, and a DROP takes it away from both. What ends the same however often it runs (ALTER ROLE, COMMENT ON ROLE) is a warning: the first environment to run it changes the others.',
  fix: 'Guard it: a DO block that looks into pg_roles first. Better, keep roles out of migrations.',
  bad: `-- migrate:up
CREATE ROLE calendar_reader NOLOGIN; -- ✗
GRANT SELECT ON ALL TABLES IN SCHEMA public TO calendar_reader;

-- migrate:down
REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM calendar_reader;
`,
  good: `-- migrate:up
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'calendar_reader') THEN
    CREATE ROLE calendar_reader NOLOGIN;
  END IF;
END
$$;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO calendar_reader;

-- migrate:down
REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM calendar_reader;
`,
  find: inSections(({ statements }) =>
    statements.flatMap((statement): Found[] => {
      const thing = sharedThing(statement)
      if (!thing) return []
      const { line, column } = statement
      return isRepeatable(statement)
        ? [
            {
              line,
              column,
              level: 'warning',
              message: `${thing} belongs to the whole server: this holds in all its environments at once`,
            },
          ]
        : [{ line, column, message: `${thing} belongs to the whole server, which other environments share` }]
    }),
  ),
}
