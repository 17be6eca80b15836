import { describe, expect, it } from 'vitest'
import { lastBegun, parseGoDuration, readApplied } from '../../../src/model/applied-lines.ts'
import { batchesOf } from '../../../src/model/batches.ts'
import type { Migration } from '../../../src/model/types.ts'
import { parsed } from '../support/fixtures.ts'

const file = (version: number, up: string, options = ''): Migration =>
  parsed(
    `${String(version).padStart(5, '0')}_x.sql`,
    `-- migrate:up${options}\n${up}\n-- migrate:down\ndrop table a;\n`,
  )

const lengths = (files: readonly Migration[]): number[] =>
  batchesOf(files, 'schema_migrations').map((batch) => batch.length)

describe('batchesOf', () => {
  const plain = 'create table a ();'
  it.each([
    ['outside a transaction', plain, ' transaction:false'],
    ['that sets something', 'set search_path = x;', ''],
    ['that takes a role', 'SET ROLE owner;', ''],
    ['that sets something later', `${plain}\nRESET ALL;`, ''],
    ['that sets something behind a comment', `${plain} /* and; */ set x.y = '1';`, ''],
    [
      'that sets something behind a literal with a comment sign',
      "insert into a values ('a -- b'); set x.y = '1';",
      '',
    ],
    ['that sets something behind a quoted semicolon', `comment on table a is 'x;'; set local x.y = '1';`, ''],
    ['that asks a function, which may set something', 'select f();', ''],
    ['that asks it in a common table expression', 'with x as (select f()) select * from x;', ''],
    ['that sets something in a function call', "insert into t values (set_config('a.b', 'c', false));", ''],
    ['that looks at what a session keeps', "insert into t values (currval('s'));", ''],
    ['that takes a lock for its session', 'insert into t select pg_advisory_lock(1);', ''],
    ['that runs a block', 'do $$ begin perform 1; end $$;', ''],
    ['that calls a procedure', 'call p();', ''],
    ['with a temporary table', 'create temp table t ();', ''],
    ['with a temporary view', 'create or replace temporary view v as select 1;', ''],
    ['that changes what its role begins with', "alter role app set search_path = 'x';", ''],
    ['that changes what its database begins with', "alter database d set search_path = 'x';", ''],
    ['that prepares a statement', 'prepare p as select 1;', ''],
    ['that listens', 'listen c;', ''],
    ['with a transaction of its own', 'commit; begin;', ''],
    ['that writes the table of versions', "insert into schema_migrations values ('9');", ''],
    ['that writes it as another would', 'delete from public."SCHEMA_migrations";', ''],
    ['with a problem that is ignored', `-- po-migrate:ignore some-rule because\n${plain}`, ''],
  ])('gives a file %s a call of its own', (_, ...[sql, options]) => {
    const files = [file(1, plain), file(2, plain), file(3, sql, options), file(4, plain), file(5, plain)]
    expect(lengths(files)).toEqual([2, 1, 2])
  })

  it.each([
    ['tables', 'create table a (id int primary key, set_at timestamptz default now());'],
    ['indexes', 'create unique index i on a (id);'],
    ['rows', "insert into t (a) values ('a; reset x;'); update t set a = 1; delete from t where a = 2;"],
    ['a column that gets a default', "alter table t alter column a set default 'x';"],
    ['a view', 'create view v as\nselect 1;\ncomment on view v is $$set$$;'],
    [
      'rights',
      'grant execute on function f() to app; alter default privileges grant select on tables to app;',
    ],
    ['a trigger', 'create trigger t before insert on a for each row execute function f();'],
    [
      'a function whose settings end with it',
      'create function f() returns int language sql set search_path = x as $$ select 1; $$;',
    ],
    [
      'a function that writes rows',
      'create function f() returns trigger language plpgsql as $$ begin update t set a = 1; return new; end $$;',
    ],
    ['only a comment', '-- nothing; set x'],
  ])('lets a file with %s share a call', (_, sql) => {
    expect(lengths([file(1, plain), file(2, sql), file(3, plain)])).toEqual([3])
  })

  it.each([
    ['a statement', 'as $$ begin set x.y = 1; return new; end $$'],
    ['a call', "as $$ begin perform set_config('x.y', '1', false); return new; end $$"],
    ['a call in its own SQL', "begin atomic insert into t select set_config('x.y', '1', false); end"],
    ['a role', "as $$ begin execute 'set role owner'; return new; end $$"],
  ])('gives every file a call of its own behind a function that may set something by %s', (_, body) => {
    const made = `create function f() returns trigger language plpgsql ${body};`
    expect(lengths([file(1, plain), file(2, plain), file(3, made), file(4, plain), file(5, plain)])).toEqual([
      2, 1, 1, 1,
    ])
  })
})

describe('what dbmate says while it runs', () => {
  const said = [
    'Applying: 00001_a.sql',
    'Applied: 00001_a.sql in 12.6ms',
    'Applying: 00002_b c.sql',
    'Applied: 00002_b c.sql in 1m2.5s',
    'Applying: 00003_d.sql',
    '',
  ].join('\n')

  it('is read as what it is through with, and for how long it took', () => {
    expect([...readApplied(said)]).toEqual([
      ['00001_a.sql', 13],
      ['00002_b c.sql', 62_500],
    ])
    expect(lastBegun(said)).toBe('00003_d.sql')
  })

  it('says nothing at first', () => {
    expect(readApplied('').size).toBe(0)
    expect(lastBegun('')).toBeUndefined()
  })

  it('counts no line that has only half arrived', () => {
    expect(readApplied('Applied: 00001_a.sql in 12.').size).toBe(0)
  })

  it.each([
    ['999.4µs', 1],
    ['1h0m1s', 3_601_000],
    ['0s', 0],
    ['1.5s', 1500],
  ])('%s is %i ms', (text, ms) => {
    expect(parseGoDuration(text)).toBe(ms)
  })
})
