import { userSchema } from './inventory-sql.ts'
import type { Query } from './postgres.ts'

/** Something given to a role, as the statement that gives it again. */
export type Grant = {
  /** As `readObjects` names it; null for default privileges. */
  object: string | null
  sql: string
  /** Whom the statement names. */
  roles: readonly string[]
}

const relationKind = `case c.relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view'
  when 'f' then 'foreign table' else 'table' end`

/** `kind`: the word of ALTER … OWNER; `target`: what GRANT … ON says; one row for each thing that has an owner or grants. */
const targets = `
select ${relationKind} as kind, pg_catalog.format('%I.%I', n.nspname, c.relname) as name,
  case c.relkind when 'S' then 'sequence' else 'table' end as target, '' as part, c.relacl as acl, c.relowner as owner,
  c.relkind = 'S' and exists (
    select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid
      and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.deptype in ('a', 'i')) as follows
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and ${userSchema('n')}
union all
select 'column', pg_catalog.format('%I.%I', n.nspname, c.relname), 'table', pg_catalog.quote_ident(a.attname), a.attacl, c.relowner, true
from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where a.attacl is not null and not a.attisdropped and ${userSchema('n')}
union all
select 'schema', pg_catalog.quote_ident(n.nspname), 'schema', '', n.nspacl, n.nspowner, false from pg_catalog.pg_namespace n where ${userSchema('n')}
union all
select 'function', p.oid::pg_catalog.regprocedure::text, 'routine', '', p.proacl, p.proowner, false
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace where ${userSchema('n')}
union all
select 'type', t.oid::pg_catalog.regtype::text, 'type', '', t.typacl, t.typowner, false
from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
left join pg_catalog.pg_class c on c.oid = t.typrelid
where (t.typtype in ('d', 'e', 'r') or c.relkind = 'c') and ${userSchema('n')}
union all
select 'foreign server', pg_catalog.quote_ident(s.srvname), 'foreign server', '', s.srvacl, s.srvowner, false
from pg_catalog.pg_foreign_server s`

const grantee =
  "case g.grantee when 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) end"
const option = "case when g.is_grantable then ' with grant option' else '' end"
const named = (...oids: readonly string[]): string =>
  `array(select pg_catalog.pg_get_userbyid(r)::text from pg_catalog.unnest(array[${oids.join(', ')}]) as r where r <> 0)`

/** Owners first: a change of owner rewrites the grants. What belongs to the superuser is what a migration makes anyway. */
const grantsSql = `
with targets as (${targets})
select t.kind || ' ' || t.name as object,
  pg_catalog.format('alter %s %s owner to %I', case t.kind when 'function' then 'routine' when 'foreign server' then 'server' else t.kind end,
    t.name, pg_catalog.pg_get_userbyid(t.owner)) as sql,
  ${named('t.owner')} as roles, 1 as place
from targets t where not t.follows and t.owner <> (select r.oid from pg_catalog.pg_roles r where r.rolname = current_user)
  and pg_catalog.pg_get_userbyid(t.owner) !~ '^pg_'
union all
select t.kind || ' ' || t.name || case when t.part <> '' then '.' || t.part else '' end,
  pg_catalog.format('grant %s%s on %s %s to %s%s', g.privilege_type, case when t.part <> '' then ' (' || t.part || ')' else '' end,
    t.target, t.name, ${grantee}, ${option}),
  ${named('g.grantee')}, 2
from targets t cross join lateral pg_catalog.aclexplode(t.acl) g where g.grantee <> t.owner
union all
select null, pg_catalog.format('alter default privileges for role %I%s grant %s on %s to %s%s', pg_catalog.pg_get_userbyid(d.defaclrole),
    (select pg_catalog.format(' in schema %I', n.nspname) from pg_catalog.pg_namespace n where n.oid = d.defaclnamespace), g.privilege_type,
    case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'routines' when 'T' then 'types'
      when 'L' then 'large objects' else 'schemas' end, ${grantee}, ${option}),
  ${named('d.defaclrole', 'g.grantee')}, 3
from pg_catalog.pg_default_acl d cross join lateral pg_catalog.aclexplode(d.defaclacl) g where g.grantee <> d.defaclrole
order by place, sql`

/** Owners, grants and default privileges of a database, in an order in which they can be given. Empties the search_path. */
export const readGrants = async (query: Query): Promise<Grant[]> => {
  await query("set search_path = ''")
  const rows = await query<Grant>(grantsSql)
  return rows.map(({ object, sql, roles }) => ({ object, sql, roles }))
}
