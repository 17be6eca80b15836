import { objectsSql } from './inventory-sql.ts'
import type { Server } from './postgres.ts'

/** The same for equal schemas; two that differ in what a file may stumble over are told apart, expressions included. */
const shapeSql = `
select pg_catalog.md5(pg_catalog.concat_ws('|',
  (select pg_catalog.string_agg(o::text, '|' order by o.kind, o.name, o.definition) from (${objectsSql('sorted')}) as o),
  (select pg_catalog.string_agg(d.text, '|' order by d.text collate "C") from (
    select pg_catalog.concat_ws(' ', conrelid::pg_catalog.regclass, conname, pg_catalog.pg_get_constraintdef(oid)) as text
      from pg_catalog.pg_constraint
    union all select pg_catalog.pg_get_indexdef(i.indexrelid) from pg_catalog.pg_index i
      join pg_catalog.pg_class c on c.oid = i.indrelid where c.oid >= 16384 and c.relkind <> 't'
    union all select pg_catalog.concat_ws(' ', adrelid::pg_catalog.regclass, adnum, pg_catalog.pg_get_expr(adbin, adrelid))
      from pg_catalog.pg_attrdef
    union all select pg_catalog.concat_ws(' ', ev_class::pg_catalog.regclass, pg_catalog.pg_get_ruledef(oid))
      from pg_catalog.pg_rewrite where ev_class >= 16384
    union all select pg_catalog.pg_get_triggerdef(oid) from pg_catalog.pg_trigger where not tgisinternal
    union all select pg_catalog.concat_ws(' ', polname, polrelid::pg_catalog.regclass,
      pg_catalog.pg_get_expr(polqual, polrelid), pg_catalog.pg_get_expr(polwithcheck, polrelid)) from pg_catalog.pg_policy
    union all select pg_catalog.concat_ws(' ', extname, extversion) from pg_catalog.pg_extension
  ) as d))) as shape`

/** A hash of what a database's catalog holds: one statement, and no pg_dump. Rows are no part of it. */
export const readShape = async (server: Server, database: string): Promise<string> => {
  const [row] = await server.query<{ shape: string }>(database, shapeSql)
  return row?.shape ?? ''
}
