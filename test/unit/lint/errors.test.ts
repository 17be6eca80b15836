import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { catalogue } from '../../../src/lint/catalogue.ts'
import { lintMigration } from '../../../src/lint/lint.ts'
import { loadParser, type Parse } from '../../../src/lint/parse.ts'
import type { RuleText } from '../../../src/lint/rule.ts'
import { errorRules } from '../../../src/lint/rules/errors.ts'
import { structuralRules } from '../../../src/lint/rules/structural.ts'
import { unusedIgnore } from '../../../src/lint/rules/unused-ignore.ts'
import { warningRules } from '../../../src/lint/rules/warnings.ts'
import { rules } from '../../../src/lint/rules.ts'
import { parseMigration } from '../../../src/model/migration.ts'
import type { Problem } from '../../../src/model/types.ts'
import { markedLines } from '../../support/lint/marked-lines.ts'
import { migration } from '../../support/tool/project.ts'

let parse: Parse
beforeAll(async () => {
  parse = await loadParser()
})

const lint = (text: string): Problem[] => lintMigration(parseMigration('00001_a.sql', text), parse, rules)
const linesOf = (rule: string, text: string): (number | undefined)[] =>
  lint(text)
    .filter((problem) => problem.rule === rule)
    .map(({ line }) => line)

describe('every rule about a file', () => {
  const documented: RuleText[] = [...errorRules, ...structuralRules, unusedIgnore]

  it.each(documented.map((rule) => [rule.id, rule] as const))(
    '%s finds its bad example where it is marked',
    (id, rule) => {
      expect(markedLines(rule.bad)).not.toEqual([])
      expect(linesOf(id, rule.bad)).toEqual(markedLines(rule.bad))
    },
  )

  it.each(documented.map((rule) => [rule.id, rule] as const))(
    '%s is silent about its good example',
    (id, rule) => {
      const problems = lint(rule.good)
      expect(problems.filter(({ rule: found, level }) => found === id || level === 'error')).toEqual([])
    },
  )
})

type Case = [rule: string, sql: string, message: string]

describe('errors', () => {
  it.each<Case>([
    ['own-transaction', 'savepoint a;', 'SAVEPOINT'],
    ['own-transaction', 'create table a ();\nrollback;', 'ROLLBACK'],
    ['own-transaction', 'START TRANSACTION;', 'START'],
    ['own-transaction', 'BEGIN\nREAD WRITE;', 'BEGIN breaks'],
    ['not-in-transaction', 'drop index concurrently a;', 'DROP INDEX CONCURRENTLY'],
    ['not-in-transaction', 'reindex index concurrently a;', 'REINDEX CONCURRENTLY'],
    ['not-in-transaction', 'reindex (concurrently) table a;', 'REINDEX CONCURRENTLY'],
    ['not-in-transaction', 'reindex schema a;', 'REINDEX of more'],
    ['not-in-transaction', 'vacuum full a;', 'VACUUM'],
    ['not-in-transaction', 'cluster;', 'CLUSTER'],
    ['not-in-transaction', 'discard all;', 'DISCARD ALL'],
    ['not-in-transaction', 'create database a;', 'CREATE DATABASE'],
    ['not-in-transaction', 'drop database a;', 'DROP DATABASE'],
    ['not-in-transaction', 'alter system set work_mem = 1;', 'ALTER SYSTEM'],
    ['not-in-transaction', "create tablespace a location '/a';", 'CREATE TABLESPACE'],
    ['not-in-transaction', 'drop tablespace a;', 'DROP TABLESPACE'],
    ['not-in-transaction', 'alter database a set tablespace b;', 'SET TABLESPACE'],
    ['not-in-transaction', 'alter table a detach partition b concurrently;', 'DETACH PARTITION'],
    ['not-in-transaction', "create subscription a connection 'x' publication b;", 'CREATE SUBSCRIPTION'],
    ['not-in-transaction', 'alter subscription a refresh publication;', 'REFRESH'],
    ['not-in-transaction', 'alter subscription a add publication b;', 'with a refresh'],
    ['not-in-transaction', 'drop subscription a;', 'DROP SUBSCRIPTION'],
    ['copy-stdin', 'copy a to stdout;', 'writes rows to psql'],
    ['copy-stdin', 'copy a (b) from stdin with (format csv);\n1\n2\n\\.\n', 'reads rows from psql'],
    ['psql-command', "select 'a'\n\\gset", '\\gset is a command of psql'],
    ['psql-command', '\\connect other', '\\connect is a command of psql'],
    ['psql-command', "select :'name';", 'a variable of psql'],
    ['leaked-role', 'set session authorization a;', 'session_authorization stays changed'],
    ['leaked-role', 'set role a; reset all;', 'role stays changed'],
    ['leaked-role', 'set session authorization a; reset all;', 'session_authorization stays changed'],
    ['leaked-role', 'set local role a;', 'role is still changed when dbmate records the version'],
    ['leaked-role', "select set_config('role', 'a', true);", 'role is still changed'],
    ['leaked-role', 'set role a; set local role none;', 'role stays changed'],
    ['leaked-role', 'set role none; set role a;', 'role stays changed'],
    ['leaked-role', 'set role a; set role "NONE";', 'role stays changed'],
    ['leaked-role', "set role a; select set_config('role', 'NONE', false);", 'role stays changed'],
    ['leaked-role', 'set session authorization a; reset role;', 'session_authorization stays changed'],
    ['leaked-role', 'do $$ begin set role a; create table b (id int); end $$;', 'role stays changed'],
    [
      'leaked-role',
      "do $$ begin execute 'set local role ' || quote_ident('a'); end $$;",
      'role is still changed',
    ],
    ['leaked-role', "do $$ begin perform set_config('role', 'a', true); end $$;", 'role is still changed'],
    [
      'leaked-role',
      'do $$ begin set session authorization a; end $$;',
      'session_authorization stays changed',
    ],
    ['leaked-role', 'set session_replication_role = replica;', 'session_replication_role'],
    ['leaked-role', 'set session characteristics as transaction read only;', 'session characteristics'],
    ['writes-versions', "insert into schema_migrations values ('2');", 'INSERT of schema_migrations'],
    ['writes-versions', "update public.schema_migrations set version = '2';", 'UPDATE of'],
    [
      'writes-versions',
      'with a as (delete from schema_migrations returning *) select * from a;',
      'DELETE of',
    ],
    ['writes-versions', 'truncate a, schema_migrations;', 'TRUNCATE of'],
    ['writes-versions', "copy schema_migrations from '/srv/a';", 'COPY of'],
    ['writes-versions', 'merge into schema_migrations using a on true when matched then delete;', 'MERGE of'],
    ['writes-versions', 'drop table if exists a, public.schema_migrations;', 'DROP of'],
    ['writes-versions', 'alter table schema_migrations rename to a;', 'RENAME of'],
    ['writes-versions', 'alter table schema_migrations set schema a;', 'SET SCHEMA of'],
    ['writes-versions', 'alter table schema_migrations alter version type bigint using 1;', 'ALTER of'],
    ['writes-versions', 'alter table schema_migrations rename column version to v;', 'RENAME of a column of'],
    ['writes-versions', 'create rule r as on insert to schema_migrations do instead nothing;', 'a rule of'],
    [
      'writes-versions',
      'create trigger t before insert on schema_migrations for each row execute function f();',
      'a trigger of',
    ],
    ['writes-versions', 'create table c () inherits (public.schema_migrations);', 'INHERIT of'],
    ['writes-versions', 'alter table c inherit schema_migrations;', 'INHERIT of'],
    ['writes-versions', 'drop schema public cascade;', 'DROP of public'],
    ['writes-versions', 'alter schema public rename to old;', 'RENAME of public'],
    [
      'writes-versions',
      "do $$ begin execute 'copy schema_migrations from program ''echo 1'''; end $$;",
      'COPY of',
    ],
    [
      'writes-versions',
      "do $$ begin execute 'alter table schema_migrations rename to x'; end $$;",
      'ALTER of',
    ],
    [
      'writes-versions',
      "do $$ begin execute format('insert into %I values (1)', 'schema_migrations'); end $$;",
      'INSERT of',
    ],
    [
      'writes-versions',
      "do $$ begin execute format('alter table %I owner to a', 'b'); execute format('truncate %I', 'schema_migrations'); end $$;",
      'TRUNCATE of',
    ],
    [
      'writes-versions',
      "do $$ begin execute 'insert into ' || 'schema_migrations' || ' values (1)'; end $$;",
      'INSERT of',
    ],
    [
      'writes-versions',
      "do $$ declare t regclass := 'public.schema_migrations'; begin execute format('delete from %s', t); end $$;",
      'DELETE of',
    ],
    [
      'writes-versions',
      "do $$ begin insert into public.schema_migrations values ('2'); end $$;",
      'INSERT of',
    ],
    [
      'writes-versions',
      "do $$ begin execute format('delete from %I.schema_migrations', 'public'); end $$;",
      'DELETE of',
    ],
    [
      'writes-versions',
      "create function a() returns void language sql as 'truncate schema_migrations';",
      'TRUNCATE of',
    ],
    [
      'writes-versions',
      "create rule a as on insert to b do also insert into schema_migrations values ('2');",
      'INSERT of',
    ],
    ['cluster-wide', 'alter role a rename to b;', 'a role belongs'],
    ['cluster-wide', 'drop role if exists a;', 'a role belongs'],
    ['cluster-wide', 'alter tablespace a owner to b;', 'a tablespace belongs'],
    ['cluster-wide', 'alter system reset all;', "server's configuration"],
    ['literal-database', "comment on database calendar is 'a';", '"calendar"'],
    ['literal-database', 'alter database calendar_qual owner to a;', '"calendar_qual"'],
    ['literal-database', 'alter database calendar rename to b;', '"calendar"'],
    ['literal-database', 'alter role a in database calendar set work_mem = 1;', '"calendar"'],
    ['literal-database', 'revoke all on database calendar from public;', '"calendar"'],
    [
      'using-new-enum-value',
      "alter type a add value 'b';\ninsert into c values ('b');",
      "'b' cannot be used",
    ],
    ['ban-duplicate-column-assignments', 'update a set b = 1, c = 2, b = 3;', 'b: given twice'],
    ['ban-duplicate-column-assignments', 'update a set (b, c) = (1, 2), c = 3;', 'c: given twice'],
    ['ban-duplicate-column-assignments', 'update a set b[1] = 1, b = null;', 'b: given twice'],
    ['ban-duplicate-column-assignments', 'insert into a (b, b) values (1, 2);', 'b: given twice'],
    [
      'ban-duplicate-column-assignments',
      'insert into a (b) values (1) on conflict (b) do update set c = 1, c = 2;',
      'c: given twice',
    ],
    [
      'ban-duplicate-column-assignments',
      'merge into a using b on true when matched then update set c = 1, c = 2;',
      'c: given twice',
    ],
    [
      'ban-duplicate-column-assignments',
      'merge into a using b on true when not matched then insert (c, c) values (1, 2);',
      'c: given twice',
    ],
    ['ban-duplicate-column-assignments', 'with d as (update a set b = 1, b = 2) select 1;', 'b: given twice'],
    ['ban-duplicate-column-assignments', 'create table a (b int, "b" text);', 'b: given twice'],
    ['ban-duplicate-column-assignments', 'create view a (b, b) as select 1, 2;', 'b: given twice'],
    ['ban-duplicate-column-assignments', 'create table a (b, b) as select 1, 2;', 'b: given twice'],
    ['syntax', 'select;\nselect from where;', 'syntax error at or near "where"'],
    ['syntax', "select 'open", 'unterminated quoted string'],
  ])('%s: %s', (rule, sql, message) => {
    const found = lint(migration(sql)).filter((problem) => problem.rule === rule)
    expect(found).toEqual([
      expect.objectContaining({ level: 'error', message: expect.stringContaining(message) }),
    ])
  })

  it.each([
    'create function a() returns void language plpgsql as $$ begin perform 1; end $$;',
    'create function a() returns int language sql begin atomic select 1; end;',
    'do $$ begin create role a; commit; end $$;',
    'reindex table a; analyze a; cluster a; discard temp;',
    "create subscription a connection 'x' publication b with (create_slot = false);",
    "create subscription a connection 'x' publication b with (connect = false);",
    'alter subscription a set publication b with (refresh = false);',
    'alter subscription a set (slot_name = none); drop subscription a;',
    'alter table a detach partition b;',
    "copy a from '/srv/a.csv'; copy a to program 'gzip';",
    "insert into auth.schema_migrations values ('1'); select * from schema_migrations; copy schema_migrations to '/srv/a';",
    'do $$ begin set local role a; create table b (id int); reset role; end $$;',
    "do $$ begin set role a; perform 1; perform set_config('role', 'none', false); end $$;",
    "do $$ begin update people set role = 'a'; insert into notes values ('set role a'); end $$; set role a; do $$ begin reset role; end $$;",
    'alter table schema_migrations owner to a; alter table a alter id type bigint; drop schema desk cascade;',
    "do $$ begin execute 'copy schema_migrations (version) to ''/srv/a'''; end $$;",
    "do $$ begin execute format('insert into %I values (1)', 'orders'); end $$;",
    "do $$ declare t text; begin for t in select tablename from pg_tables where tablename <> 'schema_migrations' loop execute format('alter table %I enable row level security', t); end loop; end $$;",
    "do $$ declare t text; begin for t in select tablename from pg_tables where tablename not in ('a', 'schema_migrations') loop execute format('truncate %I', t); end loop; end $$;",
    "do $$ begin execute format('alter table public.%I owner to a', 'schema_migrations'); alter table schema_migrations owner to a; end $$;",
    'do $$ begin -- insert into schema_migrations\n perform 1; update schema_migrations_old set a = 1; end $$;',
    "comment on table schema_migrations is 'insert into schema_migrations';",
    'set local search_path = app;',
    'set search_path = app; create table a (); reset search_path;',
    'set search_path = app; set search_path to default;',
    'set search_path = app;',
    'set role a; reset role;',
    'set role a; set role none;',
    "set role a; select set_config('role', 'none', false);",
    'set local role a; set local role none;',
    'set role a; reset session authorization;',
    'set session authorization a; set session authorization default;',
    'set session_replication_role = replica; set session_replication_role = origin;',
    'set session_replication_role = replica; reset all;',
    'set local session_replication_role = replica;',
    "select set_config('search_path', 'app', true), set_config('work_mem', '1MB', false);",
    "set lock_timeout = '1s';",
    "create function a() returns text begin atomic select set_config('search_path', 'b', false); end;",
    'create function a() returns int language sql set search_path = b as $$ select 1 $$;',
    'grant select on a to b; grant a to b;',
    "comment on table a is 'create role b'; comment on column a.b is 'c';",
    "create type a as enum ('b'); alter type a add value 'c'; insert into d values ('c');",
    "alter type a add value 'c'; insert into d values ('e');",
    "alter type a rename value 'b' to 'c'; insert into d values ('c');",
    "select 1 where a = E'\\\\i' or b = '\n\\i\n';",
    'update a set b[1] = 1, b[2] = 2, c.d = 3, c.e = 4; update a set b = 1; update a set b = 2;',
    'create index on a (b, b); select b, b from a; insert into a (b[1], b[2]) values (1, 2);',
    'create table a (b int, constraint b check (b > 0)); create table d (b int, "B" int);',
  ])('nothing is wrong with %s', (sql) => {
    expect(lint(migration(sql)).filter(({ level }) => level === 'error')).toEqual([])
  })

  it.each([
    "alter user a password 'b';",
    'alter role all set work_mem = 1;',
    'alter group a add user b;',
    "comment on role a is 'b';",
    'alter role a noinherit;',
    'alter role a reset all;',
    "comment on tablespace a is 'b';",
  ])('are warnings where each environment may run it again: %s', (sql) => {
    const [found, ...others] = lint(migration(sql))
    expect(found).toMatchObject({ rule: 'cluster-wide', level: 'warning' })
    expect(others).toEqual([])
    const meant = `-- po-migrate:ignore cluster-wide the same in each environment\n${sql}`
    expect(lint(migration(meant))).toEqual([])
  })

  it('hold for the down section as well, by its own option', () => {
    const down = (option: string, sql: string): string => `-- migrate:up\n-- migrate:down${option}\n${sql}\n`
    expect(linesOf('syntax', down('', 'drop tabel a;'))).toEqual([3])
    expect(linesOf('own-transaction', down('', 'drop table a;\ncommit;'))).toEqual([4])
    expect(linesOf('not-in-transaction', down('', 'drop index concurrently a;'))).toEqual([3])
    expect(lint(down(' transaction:false', 'drop index concurrently a;'))).toEqual([])
  })

  it('say the place in lines and characters, also behind letters of several bytes', () => {
    const [found] = lint(migration("select 'é𝄞'; /* ✗ */ begin;"))
    expect(found).toMatchObject({ rule: 'own-transaction', line: 2, column: 22 })
    const [fault] = lint(migration("select 'é𝄞' fro frm;"))
    expect(fault).toMatchObject({ rule: 'syntax', line: 2, column: 17 })
  })

  it('find two faults of one file, one a section', () => {
    const text = '-- migrate:up\nselect from from;\n-- migrate:down\n\\q\n'
    expect(lint(text).map(({ rule, line }) => [rule, line])).toEqual([
      ['syntax', 2],
      ['psql-command', 4],
    ])
  })
})

it('a section that overwhelms the parser is an error: what was not checked does not pass', () => {
  const [found, ...others] = lint(migration(`select ${'1 + '.repeat(30_000)}1;`))
  expect(others).toEqual([])
  expect(found).toMatchObject({ rule: 'unchecked', level: 'error', line: 1 })
  expect(lint(migration('select 1;'))).toEqual([])
})

it('docs/lint.md names every rule that is no ordinary warning, and says which errors can be ignored', () => {
  const text = readFileSync(new URL('../../../docs/lint.md', import.meta.url), 'utf8')
  const ordinary = new Set(warningRules.map(({ id }) => id))
  for (const { id, level, ignorable } of catalogue.values()) {
    if (ordinary.has(id)) continue
    if (level === 'warning') expect(text).toContain(`\`${id}\``)
    else
      expect(text).toMatch(
        new RegExp(`^\\|.*\`${id}\`.*\\|${ignorable === false ? ' no' : '.*yes'} \\|$`, 'm'),
      )
  }
})

describe('an own transaction under transaction:false', () => {
  const section = (up: string): string =>
    `-- migrate:up transaction:false\n${up}\n-- migrate:down transaction:false\nbegin; drop table a; commit;\n`
  const rulesOf = (up: string): string[] => lint(section(up)).map(({ rule }) => rule)

  it.each([
    'begin; create table a (); create table b (); commit;',
    'START TRANSACTION ISOLATION LEVEL SERIALIZABLE; create table a (); END;',
    'begin; commit',
    '-- first\nbegin work; savepoint b; create table a (); rollback to b; release b; commit work; -- last',
    'begin; set local role a; create table a (); set local session_replication_role = replica; commit;',
  ])('runs as it stands when it is the whole of its section: %s', (up) => {
    expect(rulesOf(up).filter((rule) => rule !== 'ban-disable-trigger')).toEqual([])
  })

  it.each([
    'begin; create table a ();',
    'create table b (); begin; create table a (); commit;',
    'begin; create table a (); commit; create table b ();',
    'begin; create table a (); commit; begin; create table b (); commit;',
    'begin; create table a (); begin; commit;',
    'begin; create table a (); rollback;',
    'begin; create table a (); commit and chain;',
    "begin; create table a (); prepare transaction 'b';",
  ])('is an error where it is less, or more: %s', (up) => {
    expect(new Set(rulesOf(up))).toEqual(new Set(['own-transaction', 'several-without-transaction']))
  })

  it('is no half of one', () => {
    expect(rulesOf('commit;')).toEqual(['own-transaction'])
  })

  it('is one transaction for all other rules, too', () => {
    expect(lint(section('begin; create index concurrently i on a (id); commit;'))).toMatchObject([
      {
        rule: 'not-in-transaction',
        message: expect.stringContaining('BEGIN and COMMIT around it have to go'),
      },
    ])
    expect(rulesOf("begin; alter type a add value 'b'; select 'b'::a; commit;")).toEqual([
      'using-new-enum-value',
    ])
    expect(rulesOf('begin; alter table a add b int; delete from a where b > 9; commit;')).toEqual([
      'backfill-with-ddl',
    ])
    expect(rulesOf('begin; set role a; commit;')).toEqual(['leaked-role'])
  })
})
