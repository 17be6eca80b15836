import type { ConcurrentIndex, FoundIndex } from '../../model/forensics.ts'
import type { ManagedDatabase } from '../../model/types.ts'
import { schemasOf } from '../../model/versions-table.ts'
import type { Server } from './postgres.ts'

/** An index stands in its table's schema: the one written there, else the first of a new session's path that has it. */
const findSql = `
select w.name, found.reference, found.valid, found.definition
from unnest($1::text[], $2::text[]) as w(name, target)
cross join lateral (select pg_catalog.parse_ident(w.target) as path) as target
cross join lateral (
  select case when array_length(target.path, 1) > 1 then array[target.path[1]]
    else coalesce($3::text[], pg_catalog.current_schemas(false)::text[]) end as names
) as schemas
cross join lateral (
  select c.oid::regclass::text as reference, i.indisvalid as valid,
    pg_catalog.pg_get_indexdef(c.oid) as definition
  from pg_catalog.pg_index i
  join pg_catalog.pg_class c on c.oid = i.indexrelid
  join pg_catalog.pg_class t on t.oid = i.indrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relname = (pg_catalog.parse_ident(w.name))[1] and t.relname = target.path[array_length(target.path, 1)]
    and n.nspname::text = any(schemas.names)
  order by array_position(schemas.names, n.nspname::text) limit 1
) as found`

/** Those of these indexes that are there, by the names in which their files write them. */
export const readIndexes = async (
  server: Server,
  { database, searchPath }: ManagedDatabase,
  indexes: readonly ConcurrentIndex[],
): Promise<Map<string, FoundIndex>> => {
  if (indexes.length === 0) return new Map()
  const path = searchPath === undefined ? null : schemasOf(searchPath)
  const values = [indexes.map(({ name }) => name), indexes.map(({ table }) => table), path]
  // A session of its own: one that was open before a file changed the database's search_path still has the old one.
  await using session = await server.session(database)
  const rows = await session.query<FoundIndex & { name: string }>(findSql, values)
  return new Map(rows.map(({ name, ...found }) => [name, found]))
}

/**
 * Every INVALID index of a database: what a concurrent build that failed or was killed leaves behind. Not one that is being
 * built, nor a partitioned one, which is invalid until each partition has its own.
 */
export const readInvalidIndexes = async (server: Server, database: string): Promise<string[]> => {
  const sql = `select i.indexrelid::regclass::text as name from pg_catalog.pg_index i
    join pg_catalog.pg_class c on c.oid = i.indexrelid
    where c.relkind = 'i' and not i.indisvalid and not exists (
      select from pg_catalog.pg_stat_progress_create_index p where p.index_relid = i.indexrelid)`
  return (await server.query<{ name: string }>(database, sql)).map(({ name }) => name)
}
