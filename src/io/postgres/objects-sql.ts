import type { OptionsOrder } from '../../model/inventory.ts'
import { acl, notOfExtension, role, userSchema } from './catalog-sql.ts'

const md5 = (...parts: readonly string[]): string =>
  `pg_catalog.md5(pg_catalog.concat_ws('|', ${parts.join(', ')}))`

/**
 * Columns of a relation; no default's expression: Postgres writes many anew when it reads them back. By name where they are
 * inherited: one that a parent got later comes before the table's own once it is dumped.
 */
const columns = (relation: string): string => `(
  select pg_catalog.string_agg(pg_catalog.concat_ws(' ', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
    a.attnotnull, a.atthasdef, a.attidentity, a.attgenerated,
    (select c.collname from pg_catalog.pg_collation c where c.oid = a.attcollation),
    array(select item::text from pg_catalog.unnest(a.attacl) as item order by item::text collate "C")), ', ' order by
    case when exists (select from pg_catalog.pg_inherits h join pg_catalog.pg_class p on p.oid = h.inhparent
      where h.inhrelid = a.attrelid and p.relkind <> 'p') then a.attname end, a.attnum)
  from pg_catalog.pg_attribute a where a.attrelid = ${relation} and a.attnum > 0 and not a.attisdropped)`

const schemas = `
select 'schema' as kind, pg_catalog.quote_ident(n.nspname) as name, ${role('n.nspowner')} as owner,
  ${acl('n.nspacl', 'n', 'n.nspowner')} as acl, '' as definition
from pg_catalog.pg_namespace n where ${userSchema('n')} and ${notOfExtension('pg_namespace', 'n.oid')}`

/** Of what a relation's options are an array: in one order, since views' come back in another, or as older releases read them. */
const optionsOf = (order: OptionsOrder): string =>
  order === 'sorted'
    ? 'array(select item from pg_catalog.unnest(c.reloptions) as item order by item collate "C")::text'
    : 'c.reloptions::text'

const relations = (order: OptionsOrder): string => `
select case c.relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view'
    when 'f' then 'foreign table' when 'c' then 'type' else 'table' end,
  pg_catalog.format('%I.%I', n.nspname, c.relname), ${role('c.relowner')},
  case when c.relkind = 'c' then array[]::text[]
    when c.relkind = 'S' then ${acl('c.relacl', 's', 'c.relowner')} else ${acl('c.relacl', 'r', 'c.relowner')} end,
  ${md5(
    'c.relkind',
    'c.relpersistence',
    'c.relrowsecurity',
    'c.relforcerowsecurity',
    'c.relreplident',
    'c.relispartition',
    optionsOf(order),
    `case when c.relkind <> 'S' then ${columns('c.oid')} end`,
    `(select pg_catalog.string_agg(i.inhparent::pg_catalog.regclass::text, ',' order by i.inhseqno)
      from pg_catalog.pg_inherits i where i.inhrelid = c.oid)`,
    `(select pg_catalog.concat_ws(' ', pg_catalog.format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
      s.seqcycle) from pg_catalog.pg_sequence s where s.seqrelid = c.oid)`,
  )}
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c') and ${userSchema('n')} and ${notOfExtension('pg_class', 'c.oid')}`

const indexes = (order: OptionsOrder): string => `
select 'index', pg_catalog.format('%I.%I', n.nspname, c.relname), ${role('c.relowner')}, array[]::text[],
  ${md5(
    'i.indrelid::pg_catalog.regclass::text',
    'm.amname',
    'i.indisunique',
    'i.indisprimary',
    'i.indisclustered',
    'i.indisreplident',
    'i.indnkeyatts',
    'i.indoption::text',
    'i.indpred is null',
    optionsOf(order),
    `(select pg_catalog.string_agg(a.attname, ',' order by k.place)
      from pg_catalog.unnest(i.indkey::int2[]) with ordinality as k(column_number, place)
      join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.column_number)`,
  )}
from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace join pg_catalog.pg_am m on m.oid = c.relam
where i.indisvalid and i.indisready and ${userSchema('n')} and ${notOfExtension('pg_class', 'i.indrelid')}`

/** Those of partitions follow from the parent's, under names that Postgres makes up. */
const constraints = `
select 'constraint', pg_catalog.format('%I on %s', o.conname,
    coalesce(nullif(o.conrelid, 0)::pg_catalog.regclass::text, pg_catalog.format_type(o.contypid, null))), '', array[]::text[],
  ${md5(
    'o.contype',
    'o.convalidated',
    'o.condeferrable',
    'o.condeferred',
    'o.confupdtype',
    'o.confdeltype',
    'nullif(o.confrelid, 0)::pg_catalog.regclass::text',
    'o.conkey::text is null',
  )}
from pg_catalog.pg_constraint o join pg_catalog.pg_namespace n on n.oid = o.connamespace
where ${userSchema('n')} and o.contype <> 't' and o.conparentid = 0 and ${notOfExtension('pg_class', 'o.conrelid')}
  and ${notOfExtension('pg_type', 'o.contypid')}`

const functions = `
select 'function', p.oid::pg_catalog.regprocedure::text, ${role('p.proowner')}, ${acl('p.proacl', 'f', 'p.proowner')},
  ${md5(
    'p.prokind',
    'pg_catalog.format_type(p.prorettype, null)',
    'p.proretset',
    'p.provolatile',
    'p.prosecdef',
    'p.proisstrict',
    'p.proparallel',
    'p.proconfig::text',
    'p.proargnames::text',
    'p.prosrc',
    'l.lanname',
  )}
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang
where ${userSchema('n')} and ${notOfExtension('pg_proc', 'p.oid')}`

const types = `
select 'type', t.oid::pg_catalog.regtype::text, ${role('t.typowner')}, ${acl('t.typacl', 'T', 't.typowner')},
  ${md5(
    't.typtype',
    't.typnotnull',
    "case when t.typtype = 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod) end",
    `(select pg_catalog.string_agg(e.enumlabel, '|' order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = t.oid)`,
  )}
from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
where t.typtype in ('d', 'e', 'r') and ${userSchema('n')} and ${notOfExtension('pg_type', 't.oid')}`

const triggers = `
select 'trigger', pg_catalog.format('%I on %s', t.tgname, t.tgrelid::pg_catalog.regclass), '', array[]::text[],
  ${md5('t.tgfoid::pg_catalog.regprocedure::text', 't.tgtype', 't.tgenabled', 't.tgdeferrable', 't.tginitdeferred')}
from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
where not t.tgisinternal and ${notOfExtension('pg_class', 't.tgrelid')} and ${notOfExtension('pg_trigger', 't.oid')}`

const policies = `
select 'policy', pg_catalog.format('%I on %s', p.polname, p.polrelid::pg_catalog.regclass), '', array[]::text[],
  ${md5(
    'p.polcmd',
    'p.polpermissive',
    'p.polqual is null',
    'p.polwithcheck is null',
    `array(select case when r = 0 then 'public' else ${role('r')} end from pg_catalog.unnest(p.polroles) as r order by 1)::text`,
  )}
from pg_catalog.pg_policy p`

const rest = `
select 'event trigger', pg_catalog.quote_ident(e.evtname), ${role('e.evtowner')}, array[]::text[],
  ${md5('e.evtevent', 'e.evtenabled', 'e.evttags::text')}
from pg_catalog.pg_event_trigger e where ${notOfExtension('pg_event_trigger', 'e.oid')}
union all
select 'publication', pg_catalog.quote_ident(p.pubname), ${role('p.pubowner')}, array[]::text[],
  ${md5('p.puballtables', 'p.pubinsert', 'p.pubupdate', 'p.pubdelete')}
from pg_catalog.pg_publication p
union all
select 'foreign server', pg_catalog.quote_ident(s.srvname), ${role('s.srvowner')}, ${acl('s.srvacl', 'S', 's.srvowner')}, ''
from pg_catalog.pg_foreign_server s where ${notOfExtension('pg_foreign_server', 's.oid')}
union all
select 'default grants', pg_catalog.concat_ws(' ', 'of', ${role('d.defaclrole')}, 'on', d.defaclobjtype,
    'in ' || (select n.nspname from pg_catalog.pg_namespace n where n.oid = d.defaclnamespace)), '',
  array(select item::text from pg_catalog.unnest(d.defaclacl) as item order by item::text collate "C"), ''
from pg_catalog.pg_default_acl d`

/** Every object of a database, extensions' own left out. */
export const objectsSql = (order: OptionsOrder): string => `${[
  schemas,
  relations(order),
  indexes(order),
  constraints,
  functions,
  types,
  triggers,
  policies,
  rest,
].join('\nunion all')}
order by 1, 2`
