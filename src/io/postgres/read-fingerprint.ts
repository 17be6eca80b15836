import { notOfExtension, userSchema } from './catalog-sql.ts'
import { objectsSql } from './objects-sql.ts'
import type { Server } from './postgres.ts'

const regclass = '::pg_catalog.regclass'
/** Settings with a dot are the application's own: which tenant it is, and the like. */
const standard = "item !~ '^[^=]*[.]'"

/** What the inventory has not: it is for schemas that were dumped, which writes expressions anew. */
const detailsSql = `
select pg_catalog.concat_ws(' ', conrelid${regclass}, contypid::pg_catalog.regtype, conname, pg_catalog.pg_get_constraintdef(oid)) as text
  from pg_catalog.pg_constraint where conrelid in (select oid from own) or contypid <> 0
union all select pg_catalog.pg_get_indexdef(indexrelid) from pg_catalog.pg_index where indrelid in (select oid from own)
union all select pg_catalog.concat_ws(' ', d.adrelid${regclass}, a.attname, pg_catalog.pg_get_expr(d.adbin, d.adrelid))
  from pg_catalog.pg_attrdef d join pg_catalog.pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
  where d.adrelid in (select oid from own)
union all select pg_catalog.concat_ws(' ', c.oid${regclass}, pg_catalog.pg_get_partkeydef(c.oid),
    pg_catalog.pg_get_expr(c.relpartbound, c.oid))
  from pg_catalog.pg_class c where (c.relkind = 'p' or c.relispartition) and c.oid in (select oid from own)
union all select pg_catalog.concat_ws(' ', ev_class${regclass}, pg_catalog.pg_get_ruledef(oid))
  from pg_catalog.pg_rewrite where ev_class in (select oid from own)
union all select pg_catalog.pg_get_triggerdef(oid) from pg_catalog.pg_trigger
  where not tgisinternal and tgrelid in (select oid from own)
union all select pg_catalog.concat_ws(' ', polname, polrelid${regclass},
    pg_catalog.pg_get_expr(polqual, polrelid), pg_catalog.pg_get_expr(polwithcheck, polrelid)) from pg_catalog.pg_policy
union all select pg_catalog.pg_get_statisticsobjdef(oid) from pg_catalog.pg_statistic_ext where stxrelid in (select oid from own)
union all select pg_catalog.pg_get_functiondef(p.oid)
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where p.prokind <> 'a' and ${userSchema('n')} and ${notOfExtension('pg_proc', 'p.oid')}
union all select pg_catalog.concat_ws(' ', t.oid::pg_catalog.regtype, t.typdefault)
  from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace where t.typtype = 'd' and ${userSchema('n')}
union all select oid::pg_catalog.regoperator::text from pg_catalog.pg_operator where oid >= 16384
union all select oid::pg_catalog.regcollation::text from pg_catalog.pg_collation where oid >= 16384
union all select oid::pg_catalog.regconfig::text from pg_catalog.pg_ts_config where oid >= 16384
union all select pg_catalog.concat_ws(' ', extname, extversion) from pg_catalog.pg_extension
union all select pg_catalog.concat_ws(' ', pg_catalog.pg_get_userbyid(nullif(s.setrole, 0)), item)
  from pg_catalog.pg_db_role_setting s join pg_catalog.pg_database d on d.oid = s.setdatabase
  cross join lateral pg_catalog.unnest(s.setconfig) as item where d.datname = pg_catalog.current_database() and ${standard}`

/**
 * The same for equal schemas, in whichever order they were built; two that differ in what a file may stumble over are
 * told apart, expressions included. Temporary tables and the tool's own are no part of it, and the database's owner has one
 * name in all: where each tenant has a role of its own, a thousand would be none of each other's like.
 */
const fingerprintSql = `
with own as (
  select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where ${userSchema('n')} and n.nspname <> 'po_migrate')
select pg_catalog.md5(pg_catalog.replace(pg_catalog.concat_ws('|',
  (select pg_catalog.string_agg(o::text, '|' order by o::text collate "C") from (${objectsSql('sorted')}) as o
    where o.name !~ '(^|[ .])po_migrate([.]|$)'),
  (select pg_catalog.string_agg(d.text, '|' order by d.text collate "C") from (${detailsSql}) as d)),
  (select pg_catalog.pg_get_userbyid(datdba)::text from pg_catalog.pg_database where datname = pg_catalog.current_database()),
  '(owner)')) as fingerprint`

/** A hash of what a database's catalog holds: one statement, and no pg_dump. Rows are no part of it. */
export const readFingerprint = async (server: Server, database: string): Promise<string> => {
  const [row] = await server.query<{ fingerprint: string }>(database, fingerprintSql)
  return row?.fingerprint ?? ''
}
