import type { FoundObjects, FoundRelation, RelationName } from '../../model/found-objects.ts'
import type { ManagedDatabase } from '../../model/types.ts'
import { schemasOf } from '../../model/versions-table.ts'
import type { Server } from './postgres.ts'

/**
 * $1, $2: schemas and names as files have them; $3: the configured search_path; $4: whether sizes are asked for. A size is
 * that of the files on disk, never reltuples, which is -1 before the first ANALYZE; what lies elsewhere (a foreign table) and
 * what has no rows of its own (a view) is not called empty.
 */
const findSql = `
with recursive found as (
  select w.schema, w.name, r.oid, i.indrelid, coalesce(i.indrelid, r.oid) as target
  from unnest($1::text[], $2::text[]) as w(schema, name)
  cross join lateral (
    select case when w.schema is not null then array[w.schema]
      else coalesce($3::text[], pg_catalog.current_schemas(false)::text[]) end as names
  ) as path
  cross join lateral (
    select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relname = w.name and n.nspname::text = any(path.names)
    order by array_position(path.names, n.nspname::text) limit 1
  ) as r
  left join pg_catalog.pg_index i on i.indexrelid = r.oid
), part(target, oid) as (
  select target, target from found
  union
  select part.target, h.inhrelid from part join pg_catalog.pg_inherits h on h.inhparent = part.oid
), size(target, empty) as (
  select part.target, bool_and(case
    when not $4 then false
    when c.relkind in ('r', 'm') then pg_catalog.pg_relation_size(c.oid) = 0
    else c.relkind = 'p' end)
  from part join pg_catalog.pg_class c on c.oid = part.oid
  group by part.target
)
select found.schema, found.name, coalesce(size.empty, false) as empty,
  (select pg_catalog.json_build_object('schema', n.nspname, 'name', t.relname)
   from pg_catalog.pg_class t join pg_catalog.pg_namespace n on n.oid = t.relnamespace
   where t.oid = found.indrelid) as table,
  coalesce((
    select pg_catalog.json_object_agg(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod))
    from pg_catalog.pg_attribute a
    where a.attrelid = found.oid and a.attnum > 0 and not a.attisdropped and found.indrelid is null
  ), '{}') as columns
from found left join size on size.target = found.target`

const othersSql = `
select array(select nspname::text from pg_catalog.pg_namespace where nspname !~ '^pg_') as schemas,
  array(select extname::text from pg_catalog.pg_extension) as extensions`

/** Asking for a size waits for whoever has the table to himself. */
const lockTimeout = "set lock_timeout = '2s'"
const lockNotAvailable = '55P03'

/** What a database has of the relations that its files name. A table whose size cannot be asked for is not called empty. */
export const readObjects = async (
  server: Server,
  { database, searchPath }: ManagedDatabase,
  names: readonly RelationName[],
): Promise<FoundObjects> => {
  const path = searchPath === undefined ? null : schemasOf(searchPath)
  const values = [names.map(({ schema }) => schema), names.map(({ name }) => name), path]
  await using session = await server.session(database)
  await session.query(lockTimeout)
  const ask = (sizes: boolean) => session.query<FoundRelation>(findSql, [...values, sizes])
  const relations = await ask(true).catch((error) => {
    if (error.code !== lockNotAvailable) throw error
    return ask(false)
  })
  const [others] = await session.query<Pick<FoundObjects, 'schemas' | 'extensions'>>(othersSql)
  return { relations, schemas: [], ...others }
}
