/** A table, view or sequence; `file` is null where it has none. */
export type Relation = { oid: number; name: string; file: number | null; rows: number }
export type Lock = { relation: number; mode: string }

/** Of this tool, in copies only. */
const own = 'po_migrate_rehearsal'

/** Has the locks of whoever writes a version kept. */
export const watchSql = (versions: string): string => `
create schema if not exists ${own};
create table if not exists ${own}.locks (relation oid, mode text);
truncate ${own}.locks;
create or replace function ${own}.keep_locks() returns trigger language plpgsql security definer set search_path = '' as $keep$
begin
  insert into ${own}.locks select l.relation, l.mode from pg_catalog.pg_locks l
  where l.pid = pg_catalog.pg_backend_pid() and l.relation is not null and l.granted;
  return new;
end $keep$;
do $arm$ begin
  if pg_catalog.to_regclass('${versions.replaceAll("'", "''")}') is not null then
    create or replace trigger ${own} before insert on ${versions} for each row execute function ${own}.keep_locks();
  end if;
end $arm$`

export const takeSql = {
  relations: `
select c.oid::int8::float8 as oid, pg_catalog.format('%I.%I', n.nspname, c.relname) as name,
  pg_catalog.pg_relation_filenode(c.oid)::int8::float8 as file,
  (coalesce(s.n_tup_ins, 0) + coalesce(s.n_tup_upd, 0) + coalesce(s.n_tup_del, 0))::float8 as rows
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_stat_user_tables s on s.relid = c.oid
where c.relkind in ('r', 'p', 'm', 'v', 'f', 'S') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'po_migrate', '${own}')
  and c.oid is distinct from pg_catalog.to_regclass($1)::oid
order by 2`,
  wal: "select pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')::float8 as wal",
  locks: `select distinct relation::int8::float8 as relation, mode from ${own}.locks`,
  running: `
select distinct l.relation::int8::float8 as relation, l.mode
from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
where a.application_name = $1 and l.granted and l.relation is not null`,
} as const
