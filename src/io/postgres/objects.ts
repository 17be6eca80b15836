import type { Objects } from '../../model/unmade.ts'
import { notOfExtension, userSchema } from './catalog-sql.ts'
import { objectsSql } from './objects-sql.ts'
import type { Server } from './postgres.ts'

const md5OfView = 'pg_catalog.md5(pg_catalog.pg_get_viewdef(o.name::pg_catalog.regclass))'

/** A relation's columns stand by themselves, so that each is named. */
const namesSql = `
select o.kind || ' ' || o.name as object, case when o.kind in ('view', 'materialized view') then ${md5OfView}
  when o.kind not in ('table', 'foreign table') then o.definition else '' end as definition
from (${objectsSql('sorted')}) as o where o.kind <> 'default grants'
union all
select pg_catalog.format('column %I.%I.%I', n.nspname, c.relname, a.attname),
  pg_catalog.concat_ws(' ', pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid))
from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where c.relkind in ('r', 'p', 'f') and a.attnum > 0 and not a.attisdropped
  and ${userSchema('n')} and ${notOfExtension('pg_class', 'c.oid')}
union all
select pg_catalog.format('extension %I', e.extname), '' from pg_catalog.pg_extension e`

/** Constants in expressions are written as the session's settings say. */
const formats = [
  "search_path = ''",
  "timezone = 'UTC'",
  "datestyle = 'ISO'",
  "intervalstyle = 'postgres'",
  'quote_all_identifiers = off',
  'extra_float_digits = 1',
]

/** Default privileges are grants, not objects. The session has no search_path, so that all names are qualified. */
const readObjects = async (server: Server, database: string): Promise<Map<string, string>> => {
  await using session = await server.session(database)
  for (const setting of formats) await session.query(`set ${setting}`)
  const rows = await session.query<{ object: string; definition: string }>(namesSql)
  return new Map(rows.map(({ object, definition }) => [object, definition]))
}

/** Of those databases that are there and take connections. */
export const readAllObjects = async (server: Server, databases: readonly string[]): Promise<Objects> => {
  const sql = `select datname as name from pg_catalog.pg_database where datname = any($1) and datallowconn`
  const found = await server.query<{ name: string }>(server.maintenance, sql, [databases])
  const open = new Set(found.map(({ name }) => name))
  const objects = new Map<string, Map<string, string>>()
  for (const name of databases) if (open.has(name)) objects.set(name, await readObjects(server, name))
  return objects
}
