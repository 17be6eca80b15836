import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { swapDatabases } from '../../src/backup/swap-databases.ts'
import { takeBackup } from '../../src/backup/take.ts'
import { openDockerHost } from '../../src/io/docker/host.ts'
import { runShell } from '../../src/io/host/shell.ts'
import { dumpDatabase } from '../../src/io/postgres/dump.ts'
import type { DumpTarget } from '../../src/io/postgres/dump-tool.ts'
import { readInventory } from '../../src/io/postgres/inventory.ts'
import { openServer, type Server, type Session } from '../../src/io/postgres/postgres.ts'
import { applyProperties, createEmptyDatabase } from '../../src/io/postgres/recreate-database.ts'
import { restoreDatabase } from '../../src/io/postgres/restore-dump.ts'
import { readExistingRoles, restoreRoles } from '../../src/io/postgres/roles.ts'
import { openScratchServer, readImageOf, type ScratchServer } from '../../src/io/postgres/scratch-server.ts'
import { readPosition } from '../../src/io/postgres/snapshot.ts'
import { compareInventories } from '../../src/model/compare-inventories.ts'
import { parseRolePasswords } from '../../src/model/role-passwords.ts'
import { Secret } from '../../src/model/secret.ts'
import { mayHaveWritten } from '../../src/model/snapshot.ts'
import { makeRunId } from '../../src/run/run-id.ts'
import { docker, eventually, run } from '../support/engine/docker.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { role } from '../support/tool/inventories.ts'
import { stateAt } from '../support/tool/state.ts'
import { baseEnv } from '../support/tool/tool.ts'

let postgres: TestPostgres
let state: string
beforeAll(async () => {
  postgres = await startPostgres()
  state = mkdtempSync(join(tmpdir(), 'pmt-state-'))
  await postgres.psql(
    'postgres',
    `create role reader; create role "Od d" createrole; create role app login password 'x' in role reader;
     grant reader to "Od d" with admin option; alter role app set search_path = a, "B c";
     alter role reader connection limit 7 valid until 'infinity'; comment on role app is 'the app'`,
  )
  await postgres.psql('postgres', 'create database shop owner app')
  await postgres.psql(
    'postgres',
    "create database strange_ locale_provider icu icu_locale 'de' template template0",
  )
  await postgres.psql('postgres', 'alter database strange_ rename to "Str a/nge"')
  await postgres.psql(
    'shop',
    `create schema "Odd one"; create extension vector;
     create type mood as enum ('good', 'bad'); create domain small as int check (value < 10);
     create table "Odd one".things (id bigint generated always as identity primary key, kind varchar(9) check (kind in ('a', 'b')),
       mood mood default 'good', at vector(3), small small, total numeric generated always as (1.5) stored);
     insert into "Odd one".things (kind) select 'a' from generate_series(1, 5000);
     create index on "Odd one".things (lower(kind)) where kind = 'a';
     create table parent (id int primary key, kind text not null) partition by range (id);
     create table child partition of parent for values from (0) to (100); insert into parent select g, 'x' from generate_series(1, 9) g;
     create table refers (id int references parent, note text collate "C");
     create view v as select kind, count(*) from "Odd one".things where kind in ('a', 'b') group by kind;
     create materialized view m as select * from v;
     create function f() returns trigger language plpgsql as 'begin return new; end';
     create aggregate total (int) (sfunc = int4pl, stype = int);
     create trigger tr before insert on refers for each row execute function f();
     alter table refers enable row level security; create policy mine on refers for select to reader using (note = current_user);
     grant select (note) on refers to reader; alter default privileges in schema "Odd one" grant select on tables to reader;
     alter table refers owner to "Od d"; create publication p for table parent; select lo_from_bytea(0, 'large')`,
  )
  await postgres.psql(
    'postgres',
    `alter database shop set work_mem = '7MB'; alter role app in database shop set statement_timeout = '1ms';
     alter database shop set statement_timeout = '1ms'; alter database shop set default_transaction_read_only = on;
     revoke temporary on database shop from public; grant connect on database shop to reader with grant option;
     comment on database shop is 'the \\ shop''s'`,
  )
})
afterAll(async () => {
  await postgres[Symbol.asyncDispose]()
  rmSync(state, { recursive: true, force: true })
})

const openTarget = async (): Promise<AsyncDisposable & DumpTarget> => {
  const run = makeRunId(new Date())
  const { client } = await openDockerHost(baseEnv(), runShell)
  const credentials = { user: 'postgres', password: new Secret(postgres.password) }
  const server = openServer({
    ...{ label: postgres.name, host: postgres.address, port: 5432, credentials },
    ...{ applicationName: `${run} reader`, wait: 1000, passwordHint: '' },
  })
  return {
    ...{ docker: client, container: postgres.container, server, user: 'postgres', run },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

const openScratch = async (target: DumpTarget): Promise<ScratchServer> =>
  openScratchServer(target.docker, {
    image: await readImageOf(target.docker, target.container),
    ...{ run: target.run, environment: 'test', user: 'postgres', preload: '' },
    ...{ postgres: target.container, databases: [`of ${target.run}`] },
  })

describe('a backup of a whole server', () => {
  it('makes on an empty server of its image everything that was there, and compares as equal', async () => {
    await using target = await openTarget()
    const before = await readInventory(target.server)
    expect(before.databases.map(({ name }) => name)).toEqual(['Str a/nge', 'postgres', 'shop'])
    const { directory, manifest } = await takeBackup({
      ...target,
      id: target.container,
      ...{
        environment: 'vps',
        volume: 'data',
        state: stateAt(state),
        databases: ['Str a/nge', 'shop'],
        onProgress: () => {},
      },
    })
    expect(readdirSync(directory).sort()).toEqual([
      'Str%20a%2Fnge.dump',
      'globals.sql',
      'manifest.json',
      'shop.dump',
    ])
    await using scratch = await openScratch(target)
    const passwords = parseRolePasswords(readFileSync(join(directory, 'globals.sql'), 'utf8'))
    const created = await restoreRoles(scratch.server, manifest.roles, {
      passwords,
      major: 17,
      existing: 'complete',
    })
    expect(created).toEqual(['Od d', 'app', 'reader'])
    await using session = await scratch.server.session('postgres')
    for (const { file, inventory } of manifest.databases) {
      const { name } = inventory
      await createEmptyDatabase(scratch.server, inventory, { name, major: 17, tablespace: true })
      await restoreDatabase(scratch, { database: name, file: join(directory, file), tablespaces: true })
      await applyProperties(session.query, inventory, name)
    }
    expect(compareInventories(before, await readInventory(scratch.server))).toEqual([])
    const verifiers =
      "select string_agg(rolname || coalesce(rolpassword, ''), ' ' order by rolname) as all from pg_authid where rolname = 'app'"
    const [made] = await session.query<{ all: string }>(verifiers)
    expect(made?.all).toBe(await postgres.psql('postgres', verifiers))
  })

  it('knows whether anything was written since', async () => {
    await using target = await openTarget()
    // It writes too, whenever it likes.
    await postgres.psql('postgres', 'alter system set autovacuum = off')
    await postgres.psql('postgres', 'select pg_reload_conf()')
    const before = await readPosition(target.server)
    await readInventory(target.server)
    expect(mayHaveWritten(before, await readPosition(target.server))).toBe(false)
    await postgres.psql('postgres', 'create temporary table written as select 1')
    expect(mayHaveWritten(before, await readPosition(target.server))).toBe(true)
  })
})

describe('making roles', () => {
  it('makes all or none, and leaves no verifier in the log of the server', async () => {
    await using target = await openTarget()
    await postgres.psql('postgres', "alter system set log_statement = 'all'")
    await postgres.psql('postgres', 'select pg_reload_conf()')
    const [good, bad] = [role('all_good'), role('all_bad', { validUntil: 'nonsense' })]
    const passwords = new Map(
      [good, bad].map(({ name }) => [name, new Secret(`SCRAM-SHA-256$4096:${name}$a:b`)]),
    )
    const making = restoreRoles(target.server, [good, bad], { passwords, major: 17, existing: 'leave' })
    await expect(making).rejects.toThrow('nonsense')
    expect(await readExistingRoles(target.server, ['all_good', 'all_bad'])).toEqual(new Set())
    const log = await run('docker', ['logs', postgres.container])
    expect(log.stderr).toContain("set log_statement = 'none'")
    expect(log.stderr).not.toContain('SCRAM-SHA-256$4096:all')
    await postgres.psql('postgres', 'alter system reset log_statement')
    await postgres.psql('postgres', 'select pg_reload_conf()')
  })
})

describe('a swap whose connection is lost as it commits', () => {
  /** Like the server, but for its sessions' COMMIT. */
  const losing = (server: Server, commit: (session: Session) => Promise<unknown>): Server => ({
    ...server,
    session: async (database) => {
      const session = await server.session(database)
      const query: Session['query'] = async (sql, values) => {
        if (sql !== 'commit') return session.query(sql, values)
        await commit(session)
        throw new Error('Connection terminated unexpectedly')
      }
      return { ...session, query, [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() }
    },
  })
  const make = async (run: string) => {
    const names = { database: `live_${run}`, beside: `live_restore_${run}`, replaced: `live_before_${run}` }
    for (const name of [names.database, names.beside])
      await postgres.psql('postgres', `create database "${name}"`)
    return names
  }
  const list = (run: string): Promise<string> =>
    postgres.psql(
      'postgres',
      `select string_agg(datname, ' ' order by 1) from pg_database where datname like 'live%${run}'`,
    )

  it('is done when Postgres has committed', async () => {
    await using target = await openTarget()
    const swap = await make(target.run)
    await swapDatabases(
      losing(target.server, (session) => session.query('commit')),
      [swap],
    )
    expect((await list(target.run)).split(' ').sort()).toEqual([swap.database, swap.replaced].sort())
  })

  it('fails with everything as before when it has not', async () => {
    await using target = await openTarget()
    const swap = await make(target.run)
    const lost = losing(target.server, ({ pid }) =>
      postgres.psql('postgres', `select pg_terminate_backend(${pid})`),
    )
    await expect(swapDatabases(lost, [swap])).rejects.toMatchObject({
      exitCode: 1,
      details: [`${swap.database} as before`],
    })
    expect((await list(target.run)).split(' ').sort()).toEqual([swap.database, swap.beside].sort())
  })

  it('is not known when Postgres does not answer any more, and says how to see', async () => {
    await using target = await openTarget()
    const swap = await make(target.run)
    let down = false
    const lost = losing(target.server, async () => {
      down = true
    })
    const gone: Server = {
      ...lost,
      session: (database) => (down ? Promise.reject(new Error('down')) : lost.session(database)),
    }
    await expect(swapDatabases(gone, [swap])).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('is not known'),
      details: [
        expect.stringContaining(swap.beside),
        expect.stringMatching(/^ {2}→ docker exec .* 'select datname/),
      ],
    })
  })
})

describe('a scratch server', () => {
  it('has no network, no published port and no password, and its volume goes with it', async () => {
    await using target = await openTarget()
    let volume = ''
    {
      await using scratch = await openScratch(target)
      const [inspected] = JSON.parse(await docker(['inspect', scratch.container]))
      expect(inspected.HostConfig.NetworkMode).toBe('none')
      expect(inspected.HostConfig.PortBindings ?? {}).toEqual({})
      expect(inspected.Config.Labels).toMatchObject({
        'po-migrate.run': target.run,
        'po-migrate.environment': 'test',
      })
      expect(inspected.Config.Env.join(' ')).not.toContain('PASSWORD=')
      expect(inspected.Image).toBe(await readImageOf(target.docker, postgres.container))
      volume = inspected.Mounts[0].Name
      expect(await scratch.server.query('postgres', 'select 1 as one')).toEqual([{ one: 1 }])
    }
    expect(await docker(['ps', '-aq', '--filter', `label=po-migrate.run=${target.run}`])).toBe('')
    await expect(docker(['volume', 'inspect', volume])).rejects.toThrow(/no such volume/i)
  })
})

describe('a dump', () => {
  it('that was cut after it was written does not restore, and the whole one does', async () => {
    await using target = await openTarget()
    const database = `plain_${target.run}`
    await postgres.psql('postgres', `create database "${database}"`)
    await postgres.psql(
      database,
      'create table t as select md5(g::text) as x from generate_series(1, 5000) g',
    )
    const file = join(state, `${database}.dump`)
    await dumpDatabase(target, { database, file })
    const whole = readFileSync(file)
    appendFileSync(`${file}.cut`, whole.subarray(0, whole.length - 2000))
    await using scratch = await openScratch(target)
    for (const name of ['whole', 'cut']) await scratch.server.query('postgres', `create database ${name}`)
    await restoreDatabase(scratch, { database: 'whole', file, tablespaces: true })
    expect(await scratch.server.query('whole', 'select count(*)::int from t')).toEqual([{ count: 5000 }])
    await expect(
      restoreDatabase(scratch, { database: 'cut', file: `${file}.cut`, tablespaces: true }),
    ).rejects.toMatchObject({ exitCode: 1, message: expect.stringMatching(/^Restoring .* into cut failed/) })
  })

  it('of a database that is not there fails in the words of pg_dump', async () => {
    await using target = await openTarget()
    const file = join(state, `${target.run}.none`)
    await expect(dumpDatabase(target, { database: "it's \\ not", file })).rejects.toMatchObject({
      message: "The dump of it's \\ not failed (exit code 1).",
      details: [expect.stringContaining('database "it\'s \\ not" does not exist')],
    })
  })

  it('that is aborted before it began writes nothing', async () => {
    await using target = await openTarget()
    const file = join(state, `${target.run}.aborted`)
    const signal = AbortSignal.abort()
    await expect(dumpDatabase(target, { database: 'shop', file, signal })).rejects.toMatchObject({
      exitCode: 1,
    })
    expect(existsSync(file)).toBe(false)
    await eventually(
      'no pg_dump',
      async () => !(await docker(['top', postgres.container, '-eo', 'pid,args'])).includes('pg_dump'),
    )
  })
})
