import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/engine/docker.ts'
import { type NativeServer, startNative } from '../support/postgres/native.ts'
import { dbmateBinary, makeNativeProject, noDocker } from '../support/postgres/native-project.ts'
import { root } from '../support/root.ts'
import { readEvents } from '../support/tool/events.ts'
import { signalTwice, startTool, type ToolProcess } from '../support/tool/process.ts'
import { migration, type Project, type Store } from '../support/tool/project.ts'
import { runIn, type ToolResult } from '../support/tool/tool.ts'

let server: NativeServer
let temporary: string
beforeAll(async () => {
  server = await startNative(17)
  temporary = mkdtempSync('/tmp/pmt-native-')
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(temporary, { recursive: true, force: true })
})

type Given = Parameters<typeof makeNativeProject>[1]
const project = (given: Given): Project => makeNativeProject(server, given)
const environment = (): Record<string, string | undefined> => ({ ...noDocker, TMPDIR: temporary })
const tool = (where: Project, args: string, env = {}): Promise<ToolResult> =>
  runIn(where, args, { env: { ...environment(), ...env } })
const start = ({ directory }: Project, args: string): ToolProcess =>
  startTool(args.split(' '), { cwd: directory, env: environment() })

const versions = (database: string): Promise<unknown> =>
  server.ask(database, "select string_agg(version, ' ' order by version) from schema_migrations")
const ledger = (database: string): Promise<unknown> =>
  server.ask(database, "select string_agg(outcome, ' ' order by started_at) from po_migrate.ledger")

const processIds = (): string[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name))
const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}
/** Processes of dbmate that were started for this server. */
const dbmates = (): string[] =>
  processIds().filter((pid) => {
    const line = read(`/proc/${pid}/cmdline`)
    return line.includes('--migrations-dir') && line.includes(`:${server.port}/`)
  })
const nothingLeft = async (): Promise<void> => {
  expect(dbmates()).toEqual([])
  expect(readdirSync(temporary)).toEqual([])
  expect(readdirSync('/dev/shm').filter((name) => name.startsWith('.pgpass'))).toEqual([])
  const sessions =
    "select count(*)::int from pg_stat_activity where application_name ~ '^[0-9]{8}T.* dbmate$'"
  expect(await server.ask('postgres', sessions)).toBe(0)
}

/** Seconds that the file takes, and when its statement is at work. */
const slowStore = (database: string, seconds: number): Store => ({
  [database]: {
    '00001_a.sql': migration('create table a (id int);'),
    '00002_slow.sql': migration(`insert into a values (1);\nselect pg_sleep(${seconds});`),
    '00003_c.sql': migration('create table c (id int);'),
  },
})
const atWork = (database: string): Promise<unknown> =>
  eventually(
    'dbmate to be in mid-file',
    () =>
      server.ask(
        'postgres',
        `select pid from pg_stat_activity where datname = '${database}' and query ~ 'pg_sleep' and application_name ~ ' dbmate$'`,
      ) as Promise<number | undefined>,
  )

describe('dbmate as a process of this machine, with no Docker anywhere', () => {
  it('plans, applies, shows, tells and takes back as the docker engine does', async () => {
    using files = project({
      store: {
        crm: { '00001_a.sql': migration('create table a (id int);', 'drop table a;') },
        shop: { '00001_b.sql': migration('create table b (id int);', 'drop table b;') },
      },
    })
    const plan = await tool(files, 'plan dev --exit-code')
    expect(plan.exit).toBe(3)
    expect(plan.stdout).toMatch(/crm +create database\n.*crm +00001_a.sql\n.*shop +create database/)
    const up = await tool(files, 'up dev')
    expect(up).toMatchObject({ exit: 0, stdout: expect.stringContaining('2 migrations applied') })
    expect(await tool(files, 'up dev')).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('nothing to do'),
    })
    const status = JSON.parse((await tool(files, 'status dev --json')).stdout)
    expect(status.environments[0].databases).toMatchObject([
      { name: 'crm', applied: 1, pending: 0 },
      { name: 'shop', applied: 1, pending: 0 },
    ])
    expect((await tool(files, 'history dev')).stdout).toContain('00001_a.sql')
    expect(await tool(files, 'lock status dev')).toMatchObject({
      exit: 0,
      stdout: 'crm   free\nshop  free\n',
    })
    const rollback = await tool(files, 'rollback dev --db shop')
    expect(rollback).toMatchObject({ exit: 0, stdout: expect.stringContaining('1 migration rolled back') })
    expect(await versions('shop')).toBeNull()
    await nothingLeft()
  })

  it('writes into the ledger which program of which version it ran', async () => {
    using files = project({ store: { told: { '00001_a.sql': migration('create table a (id int);') } } })
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    const row = await server.ask('told', "select dbmate || ' ' || image from po_migrate.ledger")
    expect(row).toMatch(/^dbmate 2\.36\.0 sha256:[0-9a-f]{64}$/)
  })

  it('passes doctor, which asks no Docker', async () => {
    using files = project({ store: { fit: { '00001_a.sql': migration('create table a (id int);') } } })
    chmodSync(join(files.directory, 'infrastructure/postgres.env'), 0o600)
    const { exit, stdout } = await tool(files, 'doctor dev')
    expect(stdout).toMatch(/dbmate +dbmate 2\.36\.0, reaches the same server/)
    expect(stdout).not.toMatch(/docker/i)
    expect(exit).toBe(0)
  })

  it('does not rehearse where the policy would, says so, and goes on; who asks for it is refused', async () => {
    using files = project({
      store: { precious: { '00001_a.sql': migration('create table a (id int);') } },
      environment: { confirm: true, rehearse: 'schema' },
    })
    const asked = await tool(files, 'up dev --rehearse schema --confirm yes')
    expect(asked).toMatchObject({
      exit: 4,
      stderr: expect.stringContaining('has no Docker for a scratch server'),
    })
    const up = await tool(files, 'up dev --confirm yes')
    expect(up.stderr).toContain('dev is not rehearsed: the native engine has no Docker for a scratch server')
    expect(up.exit).toBe(0)
  })

  it.each([
    'backup dev',
    'restore dev --from somewhere',
    'drift dev',
    'adopt dev',
    'verify',
    'cutover local',
    'start local',
  ])('%s is refused as usage, and names Docker', async (line) => {
    using files = project({ store: { shop: { '00001_a.sql': migration('create table a (id int);') } } })
    expect(await tool(files, line)).toMatchObject({ exit: 2, stderr: expect.stringMatching(/Docker/) })
  })
})

describe('what goes wrong is told as ever', () => {
  it('a file that fails, with Postgres’ words and the line, and nothing of it stays', async () => {
    using files = project({
      store: { failing: { '00001_a.sql': migration('create table a (id int);\nselect nothing from a;') } },
    })
    const up = await tool(files, 'up dev')
    expect(up.exit).toBe(1)
    expect(up.stderr).toContain('failing: 00001_a.sql failed at line 3: column "nothing" does not exist')
    expect(await versions('failing')).toBeNull()
    expect(await ledger('failing')).toBe('failed')
    await nothingLeft()
  })

  it('a wrong password, and a server that does not answer', async () => {
    const store = { shop: { '00001_a.sql': migration('create table a (id int);') } }
    using wrong = project({ store })
    wrong.write('infrastructure/postgres.env', "POSTGRES_PASSWORD='another'\n")
    const refused = await tool(wrong, 'up dev')
    expect(refused).toMatchObject({ exit: 6, stderr: expect.stringContaining('correct the password in') })
    using away = project({ store, server: { port: 9 } })
    expect(await tool(away, 'up dev')).toMatchObject({ exit: 6 })
    await nothingLeft()
  })

  it('a run beside it, which holds the lock', async () => {
    using files = project({ store: slowStore('locked', 4) })
    const first = start(files, 'up dev')
    await atWork('locked')
    const second = await tool(files, 'up dev --lock-wait 0')
    expect(second).toMatchObject({
      exit: 5,
      stderr: expect.stringContaining('locked is locked by another run'),
    })
    expect(await first.ended).toMatchObject({ exit: 0 })
    await nothingLeft()
  })

  it('a table that somebody else holds: each try is bounded, and who was in the way is named', async () => {
    using files = project({
      store: { busy: { '00001_a.sql': migration('create table a (id int);') } },
      environment: { lock_timeout: 1 },
    })
    await tool(files, 'up dev')
    files.migrations({ busy: { '00002_b.sql': migration('alter table a add column b int;') } })
    const holding = server.ask('busy', 'begin; lock table a; select pg_sleep(30)').catch(() => {})
    await eventually('the table to be locked', () => holds('busy'))
    const up = await tool(files, 'up dev')
    expect(up.exit).toBe(1)
    expect(up.stderr).toMatch(/00002_b\.sql.*lock/)
    await server.ask(
      'postgres',
      "select pg_terminate_backend(pid) from pg_stat_activity where query ~ 'pg_sleep\\(30'",
    )
    await holding
    expect(await versions('busy')).toBe('00001')
    await nothingLeft()
  })
})

const holds = (database: string): Promise<true | undefined> =>
  server.ask(
    database,
    "select true from pg_locks where relation = 'a'::regclass and mode = 'AccessExclusiveLock' and granted",
  ) as Promise<true | undefined>

describe('its program', () => {
  const store = { shop: { '00001_a.sql': migration('create table a (id int);') } }

  it('is found on the PATH, also behind a wrapper such as npm’s', async () => {
    using files = project({
      store: { wrapped: { '00001_a.sql': migration('create table a (id int);') } },
      dbmate: { binary: undefined },
    })
    const PATH = `${join(root, 'node_modules/.bin')}:${process.env.PATH}`
    expect(await tool(files, 'up dev', { PATH })).toMatchObject({ exit: 0 })
    expect(await versions('wrapped')).toBe('00001')
    const without = await tool(files, 'plan dev', { PATH: '/usr/bin:/bin' })
    expect(without).toMatchObject({ exit: 2, stderr: expect.stringContaining('No dbmate is on the PATH') })
  })

  it('has to be of the version that the config pins', async () => {
    using files = project({ store, dbmate: { image: 'amacneil/dbmate:2.28.0' } })
    const up = await tool(files, 'up dev')
    expect(up.stderr).toContain(`${dbmateBinary} is dbmate 2.36.0, and the config pins 2.28.0`)
    expect(up.exit).toBe(2)
  })

  it('is refused where it cannot be run, or is none', async () => {
    using files = project({ store, dbmate: { binary: 'no-program' } })
    writeFileSync(join(files.directory, 'infrastructure/no-program'), '#!/bin/sh\nexit 3\n')
    expect(await tool(files, 'up dev')).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('no program'),
    })
    chmodSync(join(files.directory, 'infrastructure/no-program'), 0o755)
    expect(await tool(files, 'up dev')).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('its version'),
    })
  })

  it('gets a directory of this run, and where none can be made nothing is begun', async () => {
    using files = project({ store: { roomless: { '00001_a.sql': migration('create table a (id int);') } } })
    const up = await tool(files, 'up dev', { TMPDIR: '/proc/nowhere' })
    expect(up).toMatchObject({ exit: 2, stderr: expect.stringContaining('export TMPDIR=') })
    expect(up.stderr).toContain('Nothing was touched')
    expect(
      await server.ask('postgres', "select count(*)::int from pg_database where datname = 'roomless'"),
    ).toBe(0)
  })
})

describe('a run that ends before its time', () => {
  it('keeps the password out of every command line, environment and file, and dbmate in a group of its own', async () => {
    using files = project({ store: slowStore('secret', 4) })
    const running = start(files, 'up dev')
    await atWork('secret')
    const [pid = '', ...others] = dbmates()
    expect(others).toEqual([])
    const [, , , , group] = read(`/proc/${pid}/stat`).split(' ')
    expect(group).toBe(pid)
    const seen = processIds().flatMap((one) => [read(`/proc/${one}/cmdline`), read(`/proc/${one}/environ`)])
    expect(seen.filter((text) => text.includes(server.password))).toEqual([])
    const [work = ''] = readdirSync(temporary)
    // Where no ~/.postgresql of a user is.
    expect(read(`/proc/${pid}/environ`)).toContain(`HOME=${join(temporary, work)} `)
    const written = readdirSync(join(temporary, work), { recursive: true, withFileTypes: true })
    const plain = written
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
    expect(plain.length).toBeGreaterThan(2)
    expect(plain.filter((path) => read(path).includes(server.password))).toEqual([])
    expect(await running.ended).toMatchObject({ exit: 0 })
    await nothingLeft()
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s once lets the running file end and starts no other', async (signal, code) => {
    const database = `once_${signal.toLowerCase()}`
    using files = project({ store: slowStore(database, 3) })
    const running = start(files, 'up dev')
    await atWork(database)
    running.child.kill(signal)
    expect(await running.ended).toMatchObject({ exit: code })
    expect(await versions(database)).toBe('00001 00002')
    expect(await ledger(database)).toBe('done done')
    await nothingLeft()
  })

  it('SIGINT twice ends dbmate with its group and its backend at once, and the next run goes on', async () => {
    using files = project({ store: slowStore('twice', 3600) })
    const running = start(files, 'up dev')
    await atWork('twice')
    await signalTwice(running, 'SIGINT')
    const ended = await running.ended
    expect(ended.exit).toBe(130)
    expect(await versions('twice')).toBe('00001')
    expect(await ledger('twice')).toBe('done failed')
    await nothingLeft()
    files.migrations(slowStore('twice', 0))
    expect(await tool(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await versions('twice')).toBe('00001 00002 00003')
  })

  it('SIGKILL leaves no password; the file that runs goes on, and the next run waits for it and settles what is open', async () => {
    using files = project({ store: slowStore('killed', 4) })
    const running = start(files, 'up dev')
    await atWork('killed')
    running.child.kill('SIGKILL')
    await running.ended
    expect(dbmates()).toHaveLength(1)
    expect(readdirSync('/dev/shm').filter((name) => name.startsWith('.pgpass'))).toEqual([])
    const up = await tool(files, 'up dev')
    expect(up.exit).toBe(0)
    expect(up.stderr).toContain('a run that died left backend')
    expect(await versions('killed')).toBe('00001 00002 00003')
    await nothingLeft()
  })

  it('says what stays when dbmate is killed from outside', async () => {
    using files = project({ store: slowStore('shot', 3600) })
    const running = start(files, 'up dev --json')
    await atWork('shot')
    process.kill(Number(dbmates()[0]), 'SIGKILL')
    const { finished } = readEvents(await running.ended)
    expect(finished.exit).toBe(1)
    expect(finished.error?.message).toContain('shot: 00002_slow.sql: dbmate ended before it answered.')
    expect(await versions('shot')).toBe('00001')
    await nothingLeft()
  })
})
