import { PGlite } from '@electric-sql/pglite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Server } from '../../../../src/io/postgres/postgres.ts'
import { readFingerprint } from '../../../../src/io/postgres/read-fingerprint.ts'

const tables = `
create table a (id int primary key, name text default 'x', c int check (c > 0));
create table p (d date, e date) partition by range (d);`
const rest = `
create view v as select id, name from a;
create index on a (lower(name));
create domain positive as int default 3 check (value > 0);
create function one(which int default 1) returns int language sql begin atomic select 1; end;
alter database postgres set app.tenant = '7'`

let postgres: PGlite
const server = {
  query: async (_: string, sql: string) => (await postgres.query(sql)).rows,
} as unknown as Server
const fingerprint = () => readFingerprint(server, 'postgres')

beforeAll(async () => {
  postgres = new PGlite()
  await postgres.exec(tables + rest)
}, 60_000)
afterAll(() => postgres.close())

/** As it is with that, which is taken back. */
const fingerprintWith = async (sql: string): Promise<string> => {
  await postgres.exec(`begin; ${sql}`)
  try {
    return await fingerprint()
  } finally {
    await postgres.exec('rollback')
  }
}

describe('the fingerprint of a catalog', () => {
  it.each([
    ['a column that came and went', 'alter table p add gone int; alter table p drop column gone'],
    ['rows', "insert into a values (1, 'y', 2)"],
    ['a temporary table', 'create temp table t (id int primary key)'],
    ["the tool's own", 'create schema po_migrate; create table po_migrate.ledger (id serial primary key)'],
    ['a setting of the application', "alter database postgres set app.tenant = '8'"],
  ])('is the same with %s', async (_, sql) => {
    expect(await fingerprintWith(sql)).toBe(await fingerprint())
  })

  it.each([
    ['a column', 'alter table a add more text'],
    ['a default', "alter table a alter name set default 'y'"],
    [
      'a check',
      'alter table a drop constraint a_c_check; alter table a add constraint a_c_check check (c > 1)',
    ],
    ['an expression in an index', 'drop index a_lower_idx; create index a_lower_idx on a (upper(name))'],
    ['a view', 'create or replace view v as select id, name || name as name from a'],
    [
      'the bounds of a partition',
      "create table q partition of p for values from ('2026-01-01') to ('2026-02-01')",
    ],
    ['what it is partitioned by', 'drop table p; create table p (d date, e date) partition by range (e)'],
    ['the default of a domain', 'alter domain positive set default 4'],
    [
      'the body of a function',
      'create or replace function one(which int default 1) returns int language sql begin atomic select 2; end',
    ],
    [
      'the default of an argument',
      'create or replace function one(which int default 2) returns int language sql begin atomic select 1; end',
    ],
    ['statistics', 'create statistics s (ndistinct) on id, name from a'],
    ['a collation', 'create collation own from "C"'],
    ['an operator', 'create operator === (leftarg = int, rightarg = int, function = int4eq)'],
    ['where names are looked up', 'alter database postgres set search_path = other'],
  ])('is another one with %s', async (_, sql) => {
    expect(await fingerprintWith(sql)).not.toBe(await fingerprint())
  })

  it('tells bounds of partitions apart', async () => {
    const to = (day: string) =>
      fingerprintWith(`create table q partition of p for values from ('2026-01-01') to ('${day}')`)
    expect(await to('2026-02-01')).not.toBe(await to('2026-03-01'))
  })

  it('is the same for two tenants with a role of their own each, and another one where somebody else owns a table', async () => {
    const owned = (role: string, by = role) =>
      fingerprintWith(
        `create role ${role}; create role other; alter database postgres owner to ${role}; alter table a owner to ${by}; grant select on p to ${role}`,
      )
    expect(await owned('tenant_1')).toBe(await owned('tenant_2'))
    expect(await owned('tenant_1', 'other')).not.toBe(await owned('tenant_1'))
  })

  it('is the same where it was built in another order', async () => {
    const before = await fingerprint()
    await postgres.exec('drop schema public cascade; create schema public; create table other (id int)')
    const [first = '', second = ''] = tables.trim().split('\n')
    await postgres.exec(`${second} ${first} drop table other; ${rest}`)
    const again = await fingerprint()
    await postgres.exec('drop schema public cascade; create schema public')
    await postgres.exec(tables + rest)
    expect([again, before]).toEqual([await fingerprint(), expect.any(String)])
  })
})
