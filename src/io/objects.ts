import type { Objects } from '../model/unmade.ts'
import { objectsSql, userSchema } from './inventory-sql.ts'
import type { Server } from './postgres.ts'

const namesSql = `
select kind || ' ' || name as object from (${objectsSql}) as o where kind <> 'default grants'
union all
select pg_catalog.format('column %I.%I.%I', n.nspname, c.relname, a.attname)
from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'f') and a.attnum > 0 and not a.attisdropped
  and ${userSchema('n')}
union all
select pg_catalog.format('extension %I', e.extname) from pg_catalog.pg_extension e`

/** Of one database; default privileges are grants, not objects. Its session has no search_path, so that all names are qualified. */
export const readObjects = async (server: Server, database: string): Promise<Set<string>> => {
  await using session = await server.session(database)
  await session.query("set search_path = ''")
  return new Set((await session.query<{ object: string }>(namesSql)).map(({ object }) => object))
}

/** Of those databases that are there and take connections. */
export const readAllObjects = async (server: Server, databases: readonly string[]): Promise<Objects> => {
  const sql = `select datname as name from pg_catalog.pg_database where datname = any($1) and datallowconn`
  const found = await server.query<{ name: string }>('postgres', sql, [databases])
  const open = new Set(found.map(({ name }) => name))
  const objects = new Map<string, Set<string>>()
  for (const name of databases) if (open.has(name)) objects.set(name, await readObjects(server, name))
  return objects
}
