import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { driftDocument } from '../../src/report/drift-documents.ts'
import { docker, eventually } from '../support/engine/docker.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { makeProject, migration, type Project, type Store } from '../support/tool/project.ts'
import { runIn, type ToolResult } from '../support/tool/tool.ts'

// Each builds scratch databases, one after the other.
vi.setConfig({ testTimeout: 300_000 })

/** One server for all tests of this file: each uses databases of its own names. */
let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres()
  await postgres.psql('postgres', "create role app; create role keeper login password 'x' in role app")
})
afterAll(() => postgres[Symbol.asyncDispose]())

const project = (store: Store): Project =>
  makeProject({
    network: postgres.network,
    store,
    state: 'state',
  })

const scratchContainers = (): Promise<string> =>
  docker(['ps', '--all', '--quiet', '--filter', `label=po-migrate.server=${postgres.container}`])

const documentOf = ({ stdout }: ToolResult) => driftDocument.parse(JSON.parse(stdout))

const everything = migration(`
do $$ begin create role maker; exception when duplicate_object then null; end $$;
create schema sales authorization maker;
create table sales.orders (id serial primary key, kind varchar(9) check (kind in ('a', 'b')), at timestamptz default now());
create materialized view sales.sums as select count(*) from sales.orders;
create publication everything for all tables;
create extension postgres_fdw;
create server far foreign data wrapper postgres_fdw options (host 'db');
create user mapping for app server far options (password 'far-secret');
create function sales.note() returns event_trigger language plpgsql as $$ begin end $$;
create event trigger noting on ddl_command_end execute function sales.note();
alter default privileges in schema sales grant select on tables to app;
grant usage on schema sales to app;`)

describe('drift', () => {
  it('finds nothing in a database that up made, with rows in it, restored from a backup or from its dump', async () => {
    using files = project({
      whole: {
        '00001_all.sql': everything,
        '00002_more.sql': migration('create table sales.more (id int);'),
      },
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    await postgres.psql(
      'whole',
      "insert into sales.orders (kind) values ('a'); refresh materialized view sales.sums",
    )
    expect(await runIn(files, 'drift dev')).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('whole is as its 2 applied files make it'),
    })
    expect(await runIn(files, 'backup dev')).toMatchObject({ exit: 0 })
    const backups = join(files.directory, 'infrastructure/state/shop/backups')
    const from = join(backups, readdirSync(backups)[0] ?? '')
    expect(await runIn(files, `restore dev --from ${from} --confirm yes`)).toMatchObject({ exit: 0 })
    expect(await runIn(files, 'drift dev')).toMatchObject({ exit: 0 })
    await postgres.psql('postgres', 'create database copy')
    await docker([
      'exec',
      postgres.name,
      'sh',
      '-c',
      'pg_dump -U postgres whole | psql -X -q -U postgres copy',
    ])
    using copy = project({
      copy: { '00001_all.sql': everything, '00002_more.sql': migration('create table sales.more (id int);') },
    })
    expect(await runIn(copy, 'drift dev')).toMatchObject({ exit: 0 })
    expect(await scratchContainers()).toBe('')
  })

  it('answers 3 with both definitions of each object that differs, and never with a password', async () => {
    using files = project({
      moved: {
        '00001_a.sql': everything,
      },
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    await postgres.psql(
      'moved',
      "create index by_hand on sales.orders (at); alter table sales.orders alter kind type varchar(20); drop publication everything; alter user mapping for app server far options (set password 'other-secret')",
    )
    const result = await runIn(files, 'drift dev --json')
    const [{ differences = [] } = {}] = documentOf(result).databases
    expect([result.exit, differences.map(({ object, state }) => `${object} ${state}`)]).toEqual([
      3,
      [
        'user mapping app SERVER far changed',
        'table sales.orders changed',
        'publication everything missing',
        'index sales.by_hand unexpected',
      ],
    ])
    expect(differences[1]).toMatchObject({
      expected: expect.stringContaining('character varying(9)'),
      found: expect.stringContaining('character varying(20)'),
    })
    const { stdout } = await runIn(files, 'drift dev')
    expect(stdout).toContain('+     kind character varying(20)')
    for (const secret of ['far-secret', 'other-secret']) expect(result.stdout + stdout).not.toContain(secret)
  })

  it('says of a database why it cannot be compared, and compares the others', async () => {
    using files = project({
      gone: {
        '00001_a.sql': migration('create table gone_a (id int);'),
        '00002_b.sql': migration('create table gone_b (id int);'),
      },
      rows: { '00001_a.sql': migration('create table r (id int);') },
      fine: { '00001_a.sql': migration('create table f (id int);') },
      absent: { '00001_a.sql': migration('create table n (id int);') },
    })
    expect(await runIn(files, 'up dev --db gone --db rows --db fine')).toMatchObject({ exit: 0 })
    rmSync(join(files.directory, 'infrastructure/migrations/gone/00001_a.sql'))
    files.migrations({ rows: { '00001_a.sql': migration('select 1 / (select count(*) from r);') } })
    const result = await runIn(files, 'drift dev --json')
    const { databases } = documentOf(result)
    expect([
      result.exit,
      databases.map(({ name, exists, error, differences }) => [
        name,
        exists,
        error?.message,
        differences.length,
      ]),
    ]).toEqual([
      4,
      [
        ['absent', false, undefined, 0],
        ['fine', true, undefined, 0],
        ['gone', true, expect.stringContaining('00001 is applied, and this checkout has no file'), 0],
        [
          'rows',
          true,
          expect.stringContaining('00001_a.sql fails at line 2: relation "r" does not exist'),
          0,
        ],
      ],
    ])
  })

  it('ends at an interrupt with nothing left, and is as it was', async () => {
    using files = project({ stopped: { '00001_a.sql': migration('create table s (id int);') } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    const interrupt = new AbortController()
    const running = runIn(files, 'drift dev', { interrupt: interrupt.signal })
    await eventually('the scratch server', scratchContainers)
    interrupt.abort('SIGINT')
    expect(await running).toMatchObject({
      exit: 130,
      stderr: expect.stringContaining('Interrupted by SIGINT'),
    })
    expect(await scratchContainers()).toBe('')
  })

  it('writes the SQL that brings it back, and runs none of it', async () => {
    using files = project({
      back: {
        '00001_a.sql': migration(
          'create table orders (id int primary key, kind varchar(9) not null, at date);\ncreate index orders_at on orders (at);\ncreate view kinds as select distinct kind from orders;',
        ),
      },
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    await postgres.psql(
      'back',
      'drop index orders_at; drop view kinds; alter table orders alter kind type varchar(20), alter kind drop not null, add note text; create table extra (id int)',
    )
    const { exit, stdout } = await runIn(files, 'drift dev --sql --json')
    const [{ differences = [], sql = [] } = {}] = documentOf({ stdout, exit, stderr: '' }).databases
    expect([exit, differences.map(({ object, state }) => `${object} ${state}`)]).toEqual([
      3,
      [
        'table public.orders changed',
        'view public.kinds missing',
        'index public.orders_at missing',
        'table public.extra unexpected',
      ],
    ])
    expect(await runIn(files, 'drift dev')).toMatchObject({ exit: 3 })
    await postgres.psql('back', sql.join('\n'))
    expect(await runIn(files, 'drift dev')).toMatchObject({ exit: 0 })
  })
})
