/** One of nearly everything that a schema may have: what the table of differences changes one thing of. */
export const baseRoles = `
do $$ begin
  create role app; create role reader; create role auditor;
exception when duplicate_object then null; end $$;`

export const baseSchema = `
create schema sales;
create extension pg_trgm with schema public;
create extension postgres_fdw with schema public;
create type sales.mood as enum ('sad', 'ok', 'happy');
create type sales.address as (street text, town text);
create type sales.span as range (subtype = float8);
create domain sales.email as text constraint email_shape check (value ~ '@');
create collation sales.german (provider = icu, locale = 'de');
create sequence sales.numbers start 10 increment 2;
create function sales.total(amount numeric, rate numeric default 0.2) returns numeric language sql immutable
  set search_path = pg_catalog set work_mem = '4MB' as 'select amount * (1 + rate)';
create function sales.stamp() returns trigger language plpgsql as $$ begin return new; end $$;
create function sales.note() returns event_trigger language plpgsql as $$ begin end $$;
create procedure sales.clean() language sql as 'select 1';
create function sales.add_state(state int, value int) returns int language sql as 'select state + value';
create aggregate sales.adding(int) (sfunc = sales.add_state, stype = int, initcond = '0');
create function sales.same(a text, b text) returns boolean language sql as 'select a is not distinct from b';
create operator sales.=~ (leftarg = text, rightarg = text, function = sales.same);
create cast (text as sales.mood) with inout as assignment;
create table sales.customers (
  id bigint generated always as identity primary key,
  name text not null,
  mail sales.email,
  kind varchar(20) default 'private' check (kind in ('private', 'firm')),
  feeling sales.mood default 'ok',
  born date,
  credit numeric(10,2) not null default 0,
  full_name text generated always as (name || '!') stored,
  constraint customers_name_unique unique (name)
);
create table sales.orders (
  id serial primary key,
  customer bigint not null,
  total numeric(12,2) not null default 0,
  placed timestamptz not null default now(),
  note text,
  during tstzrange,
  constraint orders_customer_fk foreign key (customer) references sales.customers (id) on delete cascade,
  constraint orders_total_positive check (total >= 0),
  constraint orders_apart exclude using gist (during with &&)
);
create table sales.plain (a int, b text, c int);
create table sales.child () inherits (sales.plain);
create table sales.parted (id int not null, day date not null) partition by range (day);
create table sales.parted_old partition of sales.parted for values from (minvalue) to ('2020-01-01');
create unlogged table sales.cache (k text, v text) with (fillfactor = 70);
create index orders_by_day on sales.orders (placed desc);
create index orders_open on sales.orders (customer) include (total) where total > 0;
create index customers_lower on sales.customers (lower(name));
create unique index plain_a on sales.plain (a);
create index customers_trgm on sales.customers using gin (name gin_trgm_ops) with (fastupdate = off);
create view sales.big with (security_barrier) as select id, total from sales.orders where total > 100;
create materialized view sales.sums as select customer, sum(total) as sum from sales.orders group by customer;
create index sums_by_customer on sales.sums (customer);
create rule orders_keep as on delete to sales.plain do instead nothing;
create trigger orders_stamp before update on sales.orders for each row execute function sales.stamp();
create event trigger noting on ddl_command_end execute function sales.note();
alter event trigger noting disable;
alter table sales.customers enable row level security;
create policy customers_own on sales.customers for select to app, reader using (name = current_user);
create statistics sales.customers_stats (dependencies) on name, kind from sales.customers;
create text search dictionary sales.simple_words (template = pg_catalog.simple);
create text search configuration sales.words (copy = pg_catalog.simple);
create server elsewhere foreign data wrapper postgres_fdw options (host 'db', dbname 'other');
create user mapping for app server elsewhere options (user 'far', password 'secret-of-far');
create foreign table sales.far (id int, name text) server elsewhere options (schema_name 'public', table_name 'far');
create publication everything for table sales.orders;
create operator class sales.int_asc for type int using btree as operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 btint4cmp(int, int);
create conversion sales.convert for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1;
grant usage on schema sales to app;
grant select, insert on sales.orders to app;
grant select (name) on sales.customers to reader;
grant execute on function sales.total(numeric, numeric) to app;
alter default privileges in schema sales grant select on tables to reader;
comment on table sales.orders is 'What was ordered';
comment on column sales.orders.total is 'With tax';
comment on schema sales is 'Sales';
comment on function sales.stamp() is 'Stamps';

`
