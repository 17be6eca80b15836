import type { ObjectType } from 'libpg-query'
import type { Kind, Statement } from '../../parse.ts'
import { bodyOf, onStatements, type Rule } from '../../rule.ts'

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

export const clusterWide: Rule = {
  id: 'cluster-wide',
  level: 'error',
  why: 'Roles, tablespaces, databases and ALTER SYSTEM belong to the whole server, which several environments share. The same file runs once for each of them: a plain CREATE ROLE applies in the first and fails in the second, and a DROP takes it away from both.',
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
  find: onStatements((statement) => {
    const thing = sharedThing(statement)
    return thing && `${thing} belongs to the whole server, which other environments share`
  }),
}
