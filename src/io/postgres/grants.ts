import type { Grant } from '../../model/grant.ts'
import { userSchema } from './catalog-sql.ts'
import type { Query } from './postgres.ts'

const relationKind = `case c.relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view'
  when 'f' then 'foreign table' else 'table' end`

/**
 * Everything that has an owner or grants. `kind`: the word of ALTER … OWNER; `target`: what GRANT … ON says; `class`: what
 * acldefault() calls it; `follows`: its owner is that of something else.
 */
const targets = `
select ${relationKind} as kind, pg_catalog.format('%I.%I', n.nspname, c.relname) as name,
  case c.relkind when 'S' then 'sequence' else 'table' end as target, '' as part, c.relacl as acl, c.relowner as owner,
  case c.relkind when 'S' then 's' else 'r' end as class,
  c.relkind = 'S' and exists (
    select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid
      and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.deptype in ('a', 'i')) as follows
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and ${userSchema('n')}
union all
select 'column', pg_catalog.format('%I.%I', n.nspname, c.relname), 'table', pg_catalog.quote_ident(a.attname), a.attacl,
  c.relowner, 'c', true
from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and a.attnum > 0 and not a.attisdropped and ${userSchema('n')}
union all
select 'schema', pg_catalog.quote_ident(n.nspname), 'schema', '', n.nspacl, n.nspowner, 'n', false
from pg_catalog.pg_namespace n where ${userSchema('n')}
union all
select 'function', p.oid::pg_catalog.regprocedure::text, 'routine', '', p.proacl, p.proowner, 'f', false
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace where ${userSchema('n')}
union all
select 'type', t.oid::pg_catalog.regtype::text, 'type', '', t.typacl, t.typowner, 'T', false
from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
left join pg_catalog.pg_class c on c.oid = t.typrelid
where (t.typtype in ('d', 'e', 'r') or c.relkind = 'c') and ${userSchema('n')}
union all
select 'foreign server', pg_catalog.quote_ident(s.srvname), 'foreign server', '', s.srvacl, s.srvowner, 'S', false
from pg_catalog.pg_foreign_server s`

const object = "t.kind || ' ' || t.name || case when t.part <> '' then '.' || t.part else '' end"
const grantee =
  "case g.grantee when 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) end"
const grantable = ' with grant option'
const option = `case when g.is_grantable then '${grantable}' else '' end`
const named = (...oids: readonly string[]): string =>
  `array(select pg_catalog.pg_get_userbyid(r)::text from pg_catalog.unnest(array[${oids.join(', ')}]) as r where r <> 0)`

/** With another owner a thing has other grants, so owners come first. What the superuser owns is what a migration makes anyway. */
const owners = `
select ${object} as object,
  pg_catalog.format('alter %s %s owner to %I', case t.kind when 'function' then 'routine' when 'foreign server' then 'server' else t.kind end,
    t.name, pg_catalog.pg_get_userbyid(t.owner)) as sql,
  ${named('t.owner')} as roles, 1 as place
from targets t where not t.follows and t.owner <> (select r.oid from pg_catalog.pg_roles r where r.rolname = current_user)
  and pg_catalog.pg_get_userbyid(t.owner) !~ '^pg_'`

const grants = (acl: string, condition: string): string => `
select ${object},
  pg_catalog.format('grant %s%s on %s %s to %s%s', g.privilege_type, case when t.part <> '' then ' (' || t.part || ')' else '' end,
    t.target, t.name, ${grantee}, ${option}),
  ${named('g.grantee')}, 2
from targets t cross join lateral pg_catalog.aclexplode(${acl}) g where ${condition}`

/** Without PUBLIC's usual rights on functions and types: given again, they make no entry. */
const defaults = `
select case when d.defaclnamespace <> 0 then (
    select 'schema ' || pg_catalog.quote_ident(n.nspname) from pg_catalog.pg_namespace n where n.oid = d.defaclnamespace) end,
  pg_catalog.format('alter default privileges for role %I%s grant %s on %s to %s%s', pg_catalog.pg_get_userbyid(d.defaclrole),
    (select pg_catalog.format(' in schema %I', n.nspname) from pg_catalog.pg_namespace n where n.oid = d.defaclnamespace), g.privilege_type,
    case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'routines' when 'T' then 'types'
      when 'L' then 'large objects' else 'schemas' end, ${grantee}, ${option}),
  ${named('d.defaclrole', 'g.grantee')}, 3
from pg_catalog.pg_default_acl d cross join lateral pg_catalog.aclexplode(d.defaclacl) g
where g.grantee <> d.defaclrole
  and not (d.defaclnamespace = 0 and g.grantee = 0 and d.defaclobjtype in ('f', 'T'))`

const union = (...parts: readonly string[]): string =>
  `with targets as (${targets}) ${parts.join(' union all ')} order by place, sql`

const read = async (query: Query, sql: string): Promise<Grant[]> => {
  await query("set search_path = ''")
  const rows = await query<Grant>(sql)
  return rows.map(({ object, sql, roles }) => ({ object, sql, roles }))
}

/** Owners, grants and default privileges of a database, in an order in which they can be given. Empties the search_path. */
export const readGrants = (query: Query): Promise<Grant[]> =>
  read(query, union(owners, grants('t.acl', 'g.grantee <> t.owner'), defaults))

/** The grants that a database has, with those that owners and PUBLIC have by default: none of them needs to be given. */
const readGiven = async (query: Query): Promise<Set<string>> => {
  const implied =
    'coalesce(t.acl, case when t.class <> \'c\' then pg_catalog.acldefault(t.class::"char", t.owner) end)'
  const found = await read(query, union(owners, grants(implied, 'true'), defaults))
  // WITH GRANT OPTION includes the grant without it.
  return new Set(
    found.flatMap(({ sql }) => (sql.endsWith(grantable) ? [sql, sql.slice(0, -grantable.length)] : sql)),
  )
}

const readTargets = async (query: Query): Promise<Set<string>> => {
  await query("set search_path = ''")
  const rows = await query<{ object: string }>(
    `with targets as (${targets}) select ${object} as object from targets t`,
  )
  return new Set(rows.map(({ object }) => object))
}

/** Those of the grants that are not given here, on what is here and to roles that `isThere` answers. */
export const readDueGrants = async (
  query: Query,
  grants: readonly Grant[],
  isThere: (role: string) => boolean,
): Promise<string[]> => {
  const [targets, given] = [await readTargets(query), await readGiven(query)]
  return grants
    .filter(({ object, roles }) => (object === null || targets.has(object)) && roles.every(isThere))
    .map(({ sql }) => sql)
    .filter((sql) => !given.has(sql))
}
