import { notOfExtension, userSchema } from './catalog-sql.ts'
import type { Server } from './postgres.ts'

/** Something that the user may not read, or not all rows of; `why` for a person. */
export type Unreadable = {
  database: string
  object: string
  why: 'no right to read it' | 'row security hides rows'
}

/** pg_dump locks what it reads, and reads sequences too; extensions' own come with the extension. */
const unreadableSql = `
select pg_catalog.format('%I.%I', n.nspname, c.relname) as object,
  case when not (pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_table_privilege(c.oid, 'select'))
    then 'no right to read it' else 'row security hides rows' end as why
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm', 'S') and ${userSchema('n')} and ${notOfExtension('pg_class', 'c.oid')}
  and (not pg_catalog.has_schema_privilege(n.oid, 'usage') or not pg_catalog.has_table_privilege(c.oid, 'select')
    or (c.relkind in ('r', 'p') and pg_catalog.row_security_active(c.oid)))
order by 1`

/** What of these databases a dump by this user would lack. */
export const readUnreadable = async (server: Server, databases: readonly string[]): Promise<Unreadable[]> => {
  const found: Unreadable[] = []
  for (const database of databases)
    for (const row of await server.query<Omit<Unreadable, 'database'>>(database, unreadableSql))
      found.push({ database, ...row })
  return found
}

/** Whether the verifiers of passwords can be read, which superusers can. */
export const mayReadPasswords = async (server: Server): Promise<boolean> => {
  const sql = "select pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'select') as may"
  return (await server.query<{ may: boolean }>(server.maintenance, sql))[0]?.may ?? false
}
