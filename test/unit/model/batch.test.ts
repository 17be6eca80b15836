import { describe, expect, it } from 'vitest'
import { batchesOf, parseGoDuration, readApplied } from '../../../src/model/batch.ts'
import { parseMigration } from '../../../src/model/migration.ts'
import type { ManagedDatabase } from '../../../src/model/types.ts'

const managed: ManagedDatabase = {
  name: 'iam',
  database: 'iam',
  directory: '',
  migrationsTable: 'schema_migrations',
}

const fileOf = (up: string, index: number) => {
  const marked = up.startsWith('-- migrate:up') ? up : `-- migrate:up\n${up}`
  const { migration } = parseMigration(`0000${index + 1}_a.sql`, `${marked}\n\n-- migrate:down\n`)
  if (!migration) throw new Error('no migration')
  return { managed, migration }
}

const sharing = (...sections: string[]): string[][] =>
  batchesOf(sections.map(fileOf)).map((batch) => batch.map(({ migration }) => migration.version))

const plain = 'create table a (id int references b on delete set null, n int default 1);'

describe('files of a new database', () => {
  it('share a call where nothing of one is left in the session', () => {
    expect(sharing(plain, plain, plain)).toEqual([['00001', '00002', '00003']])
  })

  it.each([
    ['a setting', 'set search_path = app;'],
    ['a setting by a function', "select set_config('search_path', '', false);"],
    ['a role', 'set role owner;'],
    ['a reset', 'reset all;'],
    ['a temporary table', 'create temp table t (id int);'],
    ['a prepared statement', 'prepare p as select 1;'],
    ['the last value of a sequence', 'select lastval();'],
    ['a lock of the session', 'select pg_advisory_lock(1);'],
    ['an end of the transaction', 'commit;'],
    ['dynamic SQL', "do $$ begin execute 'set' || ' role x'; end $$;"],
    ["a write to dbmate's table", "insert into schema_migrations values ('7');"],
    ['an ignored error', '-- po-migrate:ignore leaked-role it is put back elsewhere\nselect 1;'],
    ['no transaction', '-- migrate:up transaction:false\nvacuum;'],
  ])('do not with %s', (_what, alone) => {
    expect(sharing(plain, plain, alone, plain, plain)).toEqual([
      ['00001', '00002'],
      ['00004', '00005'],
    ])
  })

  it('have calls of their own behind a routine that may leave something when it is called', () => {
    const routine =
      "create function f() returns void language sql as $$ select set_config('a.b', '1', false) $$;"
    expect(sharing(plain, plain, routine, 'select f();', plain)).toEqual([['00001', '00002']])
  })

  it('need no batch of one', () => {
    expect(sharing(plain)).toEqual([])
  })
})

describe("dbmate's lines", () => {
  it.each([
    ['19.032788ms', 19],
    ['1.5s', 1500],
    ['1m2.5s', 62_500],
    ['820µs', 1],
  ])('say %s for %d ms', (text, ms) => {
    expect(parseGoDuration(text)).toBe(ms)
  })

  it('name each file that was through', () => {
    const output = 'Applying: 1_a.sql\nApplied: 1_a.sql in 2ms\nApplying: 2_b.sql\n'
    expect(readApplied(output)).toEqual([{ file: '1_a.sql', ms: 2 }])
  })
})
