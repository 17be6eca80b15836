import type { Node } from 'libpg-query'
import type { Statement } from '../../parse.ts'
import { bodyOf, onStatements, type Rule } from '../../rule.ts'

const textOf = (node: Node | undefined): string | undefined =>
  node && 'String' in node ? node.String.sval : undefined

const namedInGrant = (statement: Statement): string | undefined => {
  const grant = bodyOf(statement, 'GrantStmt')
  return grant?.objtype === 'OBJECT_DATABASE' ? textOf(grant.objects?.[0]) : undefined
}

const namedObject = (statement: Statement): string | undefined => {
  const comment = bodyOf(statement, 'CommentStmt') ?? bodyOf(statement, 'SecLabelStmt')
  const owner = bodyOf(statement, 'AlterOwnerStmt')
  const rename = bodyOf(statement, 'RenameStmt')
  if (comment?.objtype === 'OBJECT_DATABASE') return textOf(comment.object)
  if (owner?.objectType === 'OBJECT_DATABASE') return textOf(owner.object)
  return rename?.renameType === 'OBJECT_DATABASE' ? rename.subname : undefined
}

const namedDirectly = (statement: Statement): string | undefined => {
  const altered =
    bodyOf(statement, 'AlterDatabaseStmt') ??
    bodyOf(statement, 'AlterDatabaseSetStmt') ??
    bodyOf(statement, 'AlterDatabaseRefreshCollStmt')
  return altered?.dbname ?? bodyOf(statement, 'AlterRoleSetStmt')?.database
}

export const literalDatabase: Rule = {
  id: 'literal-database',
  level: 'error',
  why: 'The same file runs against calendar, calendar_qual and calendar_prod. A database named in it is the wrong one in all but one environment, and on a shared server the statement succeeds: migrating qual would change prod.',
  fix: "Ask for the current one: EXECUTE format('… DATABASE %I …', current_database()) in a DO block.",
  bad: `-- migrate:up
ALTER DATABASE calendar SET timezone TO 'UTC'; -- ✗
GRANT CONNECT ON DATABASE calendar TO calendar_reader; -- ✗

-- migrate:down
`,
  good: `-- migrate:up
DO $$
BEGIN
  EXECUTE format('ALTER DATABASE %I SET timezone TO ''UTC''', current_database());
END
$$;

-- migrate:down
`,
  find: onStatements((statement) => {
    const name = namedDirectly(statement) ?? namedObject(statement) ?? namedInGrant(statement)
    return name === undefined
      ? undefined
      : `names the database "${name}", but runs against one of another name in each environment`
  }),
}
