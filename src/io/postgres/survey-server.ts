import { defaultMaintenance, quoteIdentifier } from '../../model/sql.ts'
import type { Server } from './postgres.ts'

const roleSql = `
select r.rolsuper as superuser, r.rolsuper or r.rolcreatedb as "createsDatabases", coalesce((
  select pg_catalog.json_agg(d.datname order by d.datname) from pg_catalog.pg_database d
  where not d.datistemplate and d.datallowconn and pg_catalog.has_database_privilege(d.oid, 'connect')
), '[]') as databases
from pg_catalog.pg_roles r where r.rolname = current_user`

export type RoleReading = { superuser: boolean; createsDatabases: boolean; databases: string[] }

/** What the role may do, and the databases that it may enter. */
export const readRole = async (server: Server): Promise<RoleReading> => {
  const [row] = await server.query<RoleReading>(defaultMaintenance, roleSql)
  return row ?? { superuser: false, createsDatabases: false, databases: [] }
}

/** Tables of one column, a text called version: dbmate's, whatever they are called. */
const tablesSql = `
select n.nspname as schema, c.relname as table
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
  and pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_table_privilege(c.oid, 'select')
  and (
    select pg_catalog.array_agg(a.attname::text || ':' || a.atttypid::pg_catalog.regtype::text)
    from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  ) in (array['version:text'], array['version:character varying'])
order by 1, 2`

export type Candidate = { database: string; table: string; versions: string[] }

/** Of one database, the tables that could be dbmate's, with the versions in them; none where it cannot be entered. */
export const readCandidates = async (server: Server, database: string): Promise<Candidate[]> => {
  try {
    const tables = await server.query<{ schema: string; table: string }>(database, tablesSql)
    const found: Candidate[] = []
    for (const { schema, table } of tables) {
      const sql = `select version from ${quoteIdentifier(schema)}.${quoteIdentifier(table)} order by version collate "C"`
      const rows = await server.query<{ version: string }>(database, sql)
      found.push({ database, table: `${schema}.${table}`, versions: rows.map(({ version }) => version) })
    }
    return found
  } catch {
    return []
  }
}
