import type { AlterTableType } from 'libpg-query'
import { hasOption, relationName } from '../../ast.ts'
import { isVacant } from '../../known.ts'
import { onAlterTable } from '../../on-alter-table.ts'
import { type Found, type LintedFile, onStatement, type Rule } from '../../rule.ts'

const findCluster = onStatement('ClusterStmt', ({ body, ...at }) => {
  const name = body.relation ? relationName(body.relation) : 'all clustered tables'
  return isVacant(at, name) ? undefined : `${name}: CLUSTER writes it anew while nobody can read it`
})

const findVacuumFull = onStatement('VacuumStmt', ({ body, ...at }) => {
  if (!hasOption(body.options, 'full')) return undefined
  const named = (body.rels ?? []).flatMap((node) =>
    'VacuumRelation' in node ? [relationName(node.VacuumRelation.relation)] : [],
  )
  const names = named.length > 0 ? named.filter((name) => !isVacant(at, name)) : ['all tables']
  return names.map((name) => `${name}: VACUUM FULL writes it anew while nobody can read it`)
})

const repack: Rule = {
  id: 'prefer-repack',
  level: 'warning',
  why: 'CLUSTER and VACUUM FULL write the whole table and all its indexes anew under an ACCESS EXCLUSIVE lock: nobody can read or write it meanwhile.',
  fix: 'Plain VACUUM makes the space usable again; to give it back, pg_repack or pg_squeeze outside of migrations (Postgres 19 has REPACK CONCURRENTLY). Bloated indexes: REINDEX CONCURRENTLY.',
  bad: `-- migrate:up
CLUSTER orders USING orders_pkey; -- ✗

-- migrate:down
`,
  good: `-- migrate:up transaction:false
VACUUM (ANALYZE) orders;

-- migrate:down
`,
  find: (file: LintedFile): Found[] => [...findCluster(file), ...findVacuumFull(file)],
}

const rewrites: readonly AlterTableType[] = [
  'AT_SetLogged',
  'AT_SetUnLogged',
  'AT_SetTableSpace',
  'AT_SetAccessMethod',
  'AT_SetExpression',
]

const how: Partial<Record<AlterTableType, string>> = {
  AT_SetLogged: 'SET LOGGED',
  AT_SetUnLogged: 'SET UNLOGGED',
  AT_SetTableSpace: 'SET TABLESPACE',
  AT_SetAccessMethod: 'SET ACCESS METHOD',
  AT_SetExpression: 'SET EXPRESSION',
}

const rewriting: Rule = {
  id: 'rewriting-table',
  level: 'warning',
  why: 'SET LOGGED, UNLOGGED, TABLESPACE, ACCESS METHOD and a new expression of a generated column write the whole table anew under an ACCESS EXCLUSIVE lock: nobody can read or write it meanwhile. An UNLOGGED table is empty after a crash.',
  fix: 'Make a new table as it should be, keep it filled by a trigger, fill the old rows in batches, and swap; or run it in a maintenance window and say so with `-- po-migrate:ignore`.',
  bad: `-- migrate:up
ALTER TABLE sessions SET UNLOGGED; -- ✗

-- migrate:down
ALTER TABLE sessions SET LOGGED;
`,
  good: `-- migrate:up
CREATE UNLOGGED TABLE session_cache (id uuid PRIMARY KEY);

-- migrate:down
DROP TABLE session_cache;
`,
  find: onAlterTable(
    rewrites,
    ({ command, table }) =>
      `${table}: ${command.subtype && how[command.subtype]} writes it anew while nobody can read it`,
  ),
}

const refresh: Rule = {
  id: 'require-concurrent-refresh',
  level: 'warning',
  why: 'REFRESH MATERIALIZED VIEW holds an ACCESS EXCLUSIVE lock while its query runs: all readers of the view wait.',
  fix: 'REFRESH MATERIALIZED VIEW CONCURRENTLY; it needs a unique index on the view without a WHERE clause, and works inside a transaction.',
  bad: `-- migrate:up
REFRESH MATERIALIZED VIEW sales_by_day; -- ✗

-- migrate:down
`,
  good: `-- migrate:up
REFRESH MATERIALIZED VIEW CONCURRENTLY sales_by_day;

-- migrate:down
`,
  find: onStatement('RefreshMatViewStmt', ({ body, ...at }) => {
    const name = relationName(body.relation)
    return body.concurrent || isVacant(at, name)
      ? undefined
      : `${name}: its readers wait until the view's query is done`
  }),
}

export const rewriteRules: readonly Rule[] = [repack, rewriting, refresh]
