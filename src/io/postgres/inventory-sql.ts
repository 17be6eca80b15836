import { acl, notOfExtension, role, userSchema } from './catalog-sql.ts'

/** Tables that hold rows of their own; materialised views are filled anew by a restore. */
export const tablesSql = `
select pg_catalog.format('%I.%I', n.nspname, c.relname) as name
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and ${userSchema('n')} and ${notOfExtension('pg_class', 'c.oid')} order by 1`

export const sequencesSql = `
select pg_catalog.format('%I.%I', n.nspname, c.relname) as name, s.seqincrement > 0 as ascending,
  pg_catalog.pg_sequence_last_value(c.oid)::text as value
from pg_catalog.pg_sequence s join pg_catalog.pg_class c on c.oid = s.seqrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where ${userSchema('n')} and ${notOfExtension('pg_class', 'c.oid')} order by 1`

export const extensionsSql = `
select e.extname as name, e.extversion as version, n.nspname as schema
from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace order by 1`

/** Roles that a database cannot be restored without: owners, grants, policies, default grants, settings of their own. */
export const neededRolesSql = `
select r.rolname as name from pg_catalog.pg_roles r where r.rolname !~ '^pg_' and r.oid in (
  select s.refobjid from pg_catalog.pg_shdepend s join pg_catalog.pg_database d on d.datname = $1
  where s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
    and (s.dbid = d.oid or (s.classid = 'pg_catalog.pg_database'::pg_catalog.regclass and s.objid = d.oid))
  union select s.setrole from pg_catalog.pg_db_role_setting s join pg_catalog.pg_database d on d.oid = s.setdatabase
  where d.datname = $1
  union select d.datdba from pg_catalog.pg_database d where d.datname = $1)
order by 1`

/** Columns that came and went with versions are read through jsonb: absent ones are null. */
export const propertiesSql = `
select d.datname as name, ${role('d.datdba')} as owner, pg_catalog.pg_encoding_to_char(d.encoding) as encoding,
  coalesce(j.row->>'datlocprovider', 'c') as provider, j.row->>'datcollate' as collate, j.row->>'datctype' as ctype,
  coalesce(j.row->>'datlocale', j.row->>'daticulocale') as locale, j.row->>'daticurules' as "icuRules",
  t.spcname as tablespace, d.datconnlimit as "connectionLimit", d.datallowconn as "allowConnections",
  d.datistemplate as template, pg_catalog.shobj_description(d.oid, 'pg_database') as comment,
  ${acl('d.datacl', 'd', 'd.datdba')} as acl, pg_catalog.pg_database_size(d.oid)::float8 as size,
  coalesce((
    select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'role', case when s.setrole <> 0 then ${role('s.setrole')} end, 'values', s.setconfig) order by ${role('s.setrole')})
    from pg_catalog.pg_db_role_setting s where s.setdatabase = d.oid), '[]') as settings
from pg_catalog.pg_database d join pg_catalog.pg_tablespace t on t.oid = d.dattablespace
cross join lateral (select pg_catalog.to_jsonb(d) as row) j
where d.datname = $1`

export const namesSql =
  'select datname as name from pg_catalog.pg_database where not datistemplate and datallowconn order by 1'

export const rolesSql = `
select r.rolname as name, r.rolsuper as superuser, r.rolinherit as inherit, r.rolcreaterole as "createRole",
  r.rolcreatedb as "createDatabase", r.rolcanlogin as login, r.rolreplication as replication,
  r.rolbypassrls as "bypassRls", r.rolconnlimit as "connectionLimit", 
  case when pg_catalog.isfinite(r.rolvaliduntil)
    then pg_catalog.to_char(r.rolvaliduntil at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00'
    else r.rolvaliduntil::text end as "validUntil",
  pg_catalog.shobj_description(r.oid, 'pg_authid') as comment,
  coalesce((select s.setconfig from pg_catalog.pg_db_role_setting s where s.setrole = r.oid and s.setdatabase = 0),
    array[]::text[]) as settings,
  coalesce((
    select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('role', ${role('m.roleid')}, 'grantor', ${role('m.grantor')},
      'admin', m.admin_option, 'inherit', coalesce((j.row->>'inherit_option')::boolean, true),
      'set', coalesce((j.row->>'set_option')::boolean, true)) order by ${role('m.roleid')}, ${role('m.grantor')})
    from pg_catalog.pg_auth_members m cross join lateral (select pg_catalog.to_jsonb(m) as row) j
    where m.member = r.oid), '[]') as memberships
from pg_catalog.pg_roles r where r.rolname !~ '^pg_' order by 1`

export const tablespacesSql = `
select t.spcname as name, ${role('t.spcowner')} as owner, pg_catalog.pg_tablespace_location(t.oid) as location,
  ${acl('t.spcacl', 't', 't.spcowner')} as acl, coalesce(t.spcoptions, array[]::text[]) as options
from pg_catalog.pg_tablespace t where t.spcname !~ '^pg_' order by 1`
