/** Two ways to the same schema. The last ones read another way once they were dumped and restored. */
export const equalPairs: readonly (readonly [what: string, one: string, other: string])[] = [
  [
    'grants in another order',
    'create table t (); grant select on t to app; grant insert on t to reader',
    'create table t (); grant insert on t to reader; grant select on t to app',
  ],
  [
    'grants one by one',
    'create table t (); grant select, insert on t to app',
    'create table t (); grant insert on t to app; grant select on t to app',
  ],
  [
    'a grant that was taken back',
    'create table t ()',
    'create table t (); grant select on t to app; revoke select on t from app; grant all on t to postgres',
  ],
  [
    'grants on columns',
    'create table t (a int, b int); grant select (a) on t to app; grant select (b) on t to reader',
    'create table t (a int, b int); grant select (b) on t to reader; grant select (a) on t to app',
  ],
  [
    'default privileges',
    'alter default privileges grant select on tables to app; alter default privileges grant select on tables to reader',
    'alter default privileges grant select on tables to reader; alter default privileges grant select on tables to app',
  ],
  [
    'grants by somebody else',
    'create table t (); grant select on t to app with grant option; set role app; grant select on t to reader; grant select on t to auditor',
    'create table t (); grant select on t to app with grant option; set role app; grant select on t to auditor; grant select on t to reader',
  ],
  [
    'storage parameters',
    'create table t () with (fillfactor = 70, autovacuum_enabled = off)',
    'create table t () with (autovacuum_enabled = off); alter table t set (fillfactor = 70)',
  ],
  [
    'parameters of an index',
    'create table t (a tsvector); create index i on t using gin (a) with (fastupdate = off, gin_pending_list_limit = 128)',
    'create table t (a tsvector); create index i on t using gin (a) with (gin_pending_list_limit = 128, fastupdate = off)',
  ],
  [
    'options of a view',
    'create view v with (security_barrier, security_invoker) as select 1 as a',
    'create view v with (security_invoker, security_barrier) as select 1 as a',
  ],
  [
    'statistics options',
    'create table t (a int); alter table t alter a set (n_distinct = 5, n_distinct_inherited = 6)',
    'create table t (a int); alter table t alter a set (n_distinct_inherited = 6); alter table t alter a set (n_distinct = 5)',
  ],
  [
    'settings of a function',
    "create function f() returns int language sql set work_mem = '4MB' set search_path = pg_catalog as 'select 1'",
    "create function f() returns int language sql set search_path = pg_catalog set work_mem = '4MB' as 'select 1'",
  ],
  [
    'roles of a policy',
    'create table t (); create policy p on t to app, reader using (true)',
    'create table t (); create policy p on t to reader, app using (true)',
  ],
  [
    'options of a server',
    "create extension postgres_fdw; create server s foreign data wrapper postgres_fdw options (host 'a', dbname 'b')",
    "create extension postgres_fdw; create server s foreign data wrapper postgres_fdw options (dbname 'b', host 'a')",
  ],
  [
    'a column that was dropped',
    'create table t (a int, b int)',
    'create table t (a int, x int, b int); alter table t drop column x',
  ],
  [
    'columns added later',
    'create table t (a int, b int default 3)',
    'create table t (a int); alter table t add b int default 3',
  ],
  ['a column renamed', 'create table t (a int)', 'create table t (b int); alter table t rename b to a'],
  [
    'constraints in another order',
    'create table t (a int, constraint x check (a > 0), constraint y check (a < 9))',
    'create table t (a int); alter table t add constraint y check (a < 9); alter table t add constraint x check (a > 0)',
  ],
  [
    'a key made later',
    'create table t (a int primary key)',
    'create table t (a int); alter table t add primary key (a)',
  ],
  [
    'a sequence by hand',
    'create table t (a serial)',
    "create sequence t_a_seq as int; create table t (a int not null default nextval('t_a_seq')); alter sequence t_a_seq owned by t.a",
  ],
  [
    'an enumeration that grew',
    "create type m as enum ('a', 'b')",
    "create type m as enum ('a'); alter type m add value 'b'",
  ],
  [
    'objects in another order',
    'create table a (); create table b (); create view v as select 1 as one',
    'create view v as select 1 as one; create table b (); create table a ()',
  ],
  [
    'a partition attached later',
    'create table p (a int) partition by list (a); create table q partition of p for values in (1)',
    'create table p (a int) partition by list (a); create table q (a int); alter table p attach partition q for values in (1)',
  ],
  [
    'a comment written twice',
    "create table t (); comment on table t is 'b'",
    "create table t (); comment on table t is 'a'; comment on table t is 'b'",
  ],
]

/** In the catalog they are not alike; made anew from their dumps they are. */
export const equalOnceRead: readonly (readonly [what: string, one: string, other: string])[] = [
  [
    'in over varchar, in a check',
    "create table t (a varchar(9) check (a in ('x', 'y')))",
    "create table t (a varchar(9), constraint t_a_check check (a::text = any (array['x'::varchar, 'y'::varchar]::text[])))",
  ],
]
