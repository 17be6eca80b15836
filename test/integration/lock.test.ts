import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { acquireLock, type Lock, readLocks } from '../../src/io/postgres/lock.ts'
import type { Holder } from '../../src/model/holder.ts'
import { lockDocument } from '../../src/report/documents.ts'
import { docker, eventually } from '../support/engine/docker.ts'
import { dbmateImage } from '../support/engine/images.ts'
import { closeGate } from '../support/postgres/gate.ts'
import { openSession } from '../support/postgres/session.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { readEvents } from '../support/tool/events.ts'
import { startTool } from '../support/tool/process.ts'
import {
  makeProject,
  migration,
  type Project,
  type ProjectOptions,
  type Store,
} from '../support/tool/project.ts'
import { runTool, type ToolOptions, type ToolResult } from '../support/tool/tool.ts'

const postgres = usePostgres()

const project = (store: Store, edit?: ProjectOptions['edit']): Project =>
  makeProject({
    network: postgres.network,
    store,
    state: 'state',
    edit,
  })

const run = (
  { directory }: Project,
  args: string,
  options: Omit<ToolOptions, 'cwd'> = {},
): Promise<ToolResult> => runTool(args.split(' '), { cwd: directory, ...options })

/** A table, a file that stands at the gate, and one that comes after it. */
const gated = (sql: string): Record<string, string> => ({
  '00001_table.sql': migration('create table things (id int);'),
  '00002_slow.sql': migration(`insert into things values (1);\n${sql}`),
  '00003_next.sql': migration('create table later (id int);'),
})

/** What the ledger says was attempted, in order. */
const attempts = (database: string): Promise<string> =>
  postgres.psql(
    database,
    "select string_agg(version || ' ' || outcome, ', ' order by id) from po_migrate.ledger",
  )

/** Containers of runs on this database, running or not. */
const containersOf = async (database: string): Promise<string[]> => {
  const label = `label=po-migrate.databases=${database}`
  return (await docker(['ps', '--all', '--filter', label, '--format', '{{.Names}}']))
    .split('\n')
    .filter(Boolean)
}

const lockSessions = "datname = 'postgres' and application_name ~ '^[0-9]{8}T[0-9]{6}-[0-9a-f]{6}$'"

/** Resolves when that many runs hold, or wait for, a lock on the server. */
const lockSessionsAre = (count: number): Promise<unknown> =>
  eventually(`${count} lock sessions`, async () => {
    const found = await postgres.psql(
      'postgres',
      `select count(*) from pg_stat_activity where ${lockSessions}`,
    )
    return Number(found) === count || undefined
  })

const endLockSessions = (): Promise<string> =>
  postgres.psql('postgres', `select pg_terminate_backend(pid) from pg_stat_activity where ${lockSessions}`)

const holder = (command: string): Holder => ({
  run: '20260101T000000-abcdef',
  user: 'anna',
  host: 'laptop',
  pid: 4711,
  command,
  since: '2026-01-01T19:02:11.000Z',
})

type AcquireOptions = { databases: readonly string[]; command?: string; wait?: number }

const acquire = ({
  databases,
  command = 'po-migrate up dev',
  wait = 15_000,
}: AcquireOptions): Promise<Lock> =>
  acquireLock({
    connect: () => openSession(postgres, 'postgres', holder('').run),
    databases,
    holder: holder(command),
    wait,
    interrupt: new AbortController().signal,
    onWait: () => {},
  })

describe('two runs on one database', () => {
  it('run one after the other: the second waits, names the first, and has nothing to do', async () => {
    await using gate = await closeGate(postgres)
    using files = project({ turns: gated(gate.sql) })
    const first = run(files, 'up dev', { env: { CI_JOB_URL: 'https://ci.example/jobs/1' } })
    await gate.reached()
    const second = run(files, 'up dev')
    const third = run(files, 'up dev --json')
    await lockSessionsAre(3)
    await sleep(300)
    expect(await gate.waiting()).toBe(1)
    await gate.open()
    expect(await first).toMatchObject({ exit: 0, stdout: expect.stringContaining('3 migrations applied') })
    const waited = await second
    expect(waited.exit).toBe(0)
    expect(waited.stderr).toMatch(
      new RegExp(
        `turns is held by tester@test-machine, pid ${process.pid}, "po-migrate up dev", since \\d\\d:\\d\\d:\\d\\d UTC \\(https://ci\\.example/jobs/1\\); waiting, \\d+ s left`,
      ),
    )
    expect(readEvents(await third)).toMatchObject({ steps: [], finished: { status: 'done' } })
    expect(await attempts('turns')).toBe('00001 done, 00002 done, 00003 done')
    expect(await containersOf('turns')).toEqual([])
  })

  it('end the second with 5 at once or after --lock-wait, naming who holds the lock', async () => {
    await using gate = await closeGate(postgres)
    using files = project({ refused: gated(gate.sql) })
    const first = run(files, 'up dev --db refused', { env: { CI_JOB_URL: 'https://ci.example/jobs/7' } })
    await gate.reached()
    const refuse = async (wait: number): Promise<void> => {
      const started = performance.now()
      const { exit, stderr } = await run(files, `up dev --lock-wait ${wait}`)
      const took = (performance.now() - started) / 1000
      expect(exit).toBe(5)
      expect(took).toBeGreaterThanOrEqual(wait)
      expect(took).toBeLessThan(wait + 8)
      expect(stderr).toMatch(
        new RegExp(
          `✖ refused is locked by another run: tester@test-machine, pid ${process.pid}, "po-migrate up dev --db refused", since \\d\\d:\\d\\d:\\d\\d UTC \\(https://ci\\.example/jobs/7\\)\\.\n  Nothing was touched\\.\n  → .*--lock-wait`,
        ),
      )
    }
    await Promise.all([refuse(0), refuse(1)])
    await gate.open()
    expect(await first).toMatchObject({ exit: 0 })
    expect(await attempts('refused')).toBe('00001 done, 00002 done, 00003 done')
  })

  it('end a waiting one with 130 when it is interrupted', async () => {
    await using _lock = await acquire({ databases: ['impatient'] })
    using files = project({ impatient: gated('') })
    const interrupt = new AbortController()
    const waiting = run(files, 'up dev', { interrupt: interrupt.signal })
    await lockSessionsAre(2)
    interrupt.abort('SIGINT')
    const { exit, stderr } = await waiting
    expect(exit).toBe(130)
    expect(stderr).toContain('Nothing was touched.')
  })
})

describe('runs that share nothing', () => {
  it('go side by side in one environment: neither waits, and none reaps the container of the other', async () => {
    await using gate = await closeGate(postgres)
    using files = project({ side_a: gated(gate.sql), side_b: gated('') })
    const slow = run(files, 'up dev --db side_a')
    await gate.reached()
    const [container] = await containersOf('side_a')
    const quick = await run(files, 'up dev --db side_b --lock-wait 0')
    expect(quick).toMatchObject({ exit: 0, stderr: expect.not.stringMatching(/waiting|removed/) })
    expect(await containersOf('side_a')).toEqual([container])
    expect(await gate.waiting()).toBe(1)
    await gate.open()
    expect(await slow).toMatchObject({ exit: 0, stderr: expect.not.stringMatching(/waiting|removed/) })
    expect(await attempts('side_a')).toBe('00001 done, 00002 done, 00003 done')
    expect(await attempts('side_b')).toBe('00001 done, 00002 done, 00003 done')
  })

  it('go side by side in two environments of one server', async () => {
    await using gate = await closeGate(postgres)
    using files = project({ pair: gated('') }, (config) => {
      const { dev } = config.environments
      config.environments = { qual: { ...dev, suffix: '_qual' }, prod: { ...dev, suffix: '_prod' } }
    })
    files.migrations({ pair: { '00002_slow.sql': migration(gate.sql) } })
    const qual = run(files, 'up qual')
    await gate.reached()
    files.migrations({ pair: { '00002_slow.sql': migration('select 1;') } })
    expect(await run(files, 'up prod --lock-wait 0')).toMatchObject({
      exit: 0,
      stderr: expect.not.stringContaining('waiting'),
    })
    expect(await gate.waiting()).toBe(1)
    await gate.open()
    expect(await qual).toMatchObject({ exit: 0 })
    expect(await postgres.versions('pair_prod')).toBe('00001 00002 00003')
    expect(await postgres.versions('pair_qual')).toBe('00001 00002 00003')
  })
})

describe('runs on overlapping sets', () => {
  it('never wait for each other in a circle, in whatever order they name the databases', async () => {
    const sets = [
      ['ring_a', 'ring_b', 'ring_c'],
      ['ring_c', 'ring_b', 'ring_a'],
      ['ring_b', 'ring_a'],
      ['ring_c', 'ring_a'],
    ]
    let holding = 0
    let most = 0
    const work = async (databases: readonly string[]): Promise<void> => {
      await using _lock = await acquire({ databases })
      most = Math.max(most, ++holding)
      await sleep(5)
      holding--
    }
    for (let round = 0; round < 3; round++) await Promise.all(sets.map(work))
    // All four sets hold ring_a.
    expect(most).toBe(1)
  })

  it('name the holder also while it waits for its next database itself', async () => {
    await using _last = await acquire({ databases: ['queue_b'], command: 'po-migrate up dev --db queue_b' })
    const middle = acquire({ databases: ['queue_a', 'queue_b'], command: 'po-migrate up dev' })
    await using session = await openSession(postgres, 'postgres')
    const read = () => readLocks(['queue_a'], async (sql) => (await session.query(sql)).rows)
    await eventually('the middle one to hold its first', async () => (await read()).length === 1 || undefined)
    for (let look = 0; look < 10; look++) {
      expect(await read()).toMatchObject([{ holder: { command: 'po-migrate up dev' } }])
      await sleep(40)
    }
    await _last[Symbol.asyncDispose]()
    await (await middle)[Symbol.asyncDispose]()
  })
})

describe('a holder', () => {
  it.each([
    { what: 'the end of a comment', command: "po-migrate up dev --db '*/ select 1; --'" },
    { what: 'quotes and dollars', command: `po-migrate up "dev" --config 'it''s $1 $$ \\ ' -- ü 漢 🙂` },
  ])('is read back whole when its command holds $what', async ({ command }) => {
    await using _lock = await acquire({ databases: ['odd'], command })
    await using session = await openSession(postgres, 'postgres')
    const found = await readLocks(['odd'], async (sql) => (await session.query(sql)).rows)
    expect(found).toMatchObject([{ database: 'odd', holder: holder(command) }])
  })

  it('with a command of 2 kB is read back, with the command cut', async () => {
    const command = `po-migrate up dev ${'--db ümlaut '.repeat(180)}`
    await using _lock = await acquire({ databases: ['long'], command })
    await using session = await openSession(postgres, 'postgres')
    const [found] = await readLocks(['long'], async (sql) => (await session.query(sql)).rows)
    expect(found?.holder).toMatchObject({ user: 'anna', host: 'laptop', pid: 4711 })
    expect(found?.holder?.command.length).toBeGreaterThan(400)
    expect(command.startsWith(found?.holder?.command ?? '?')).toBe(true)
  })
})

describe('a run that loses its lock session', () => {
  it('starts no further file, and the next one waits until the running file has ended', async () => {
    await using gate = await closeGate(postgres)
    using files = project({ cut: gated(gate.sql) })
    const first = run(files, 'up dev')
    await gate.reached()
    const [container] = await containersOf('cut')
    await endLockSessions()
    const second = run(files, 'up dev')
    await lockSessionsAre(1)
    await sleep(300)
    expect(await gate.waiting()).toBe(1)
    await gate.open()
    const { exit, stderr } = await first
    expect(exit).toBe(1)
    expect(stderr).toContain('The session that holds the lock ended, so no further file was started.')
    expect(stderr).toContain('00001, 00002 stay applied')
    const waited = await second
    expect(waited).toMatchObject({ exit: 0 })
    expect(waited.stderr).toContain(`a run that died left container ${container}`)
    expect(await postgres.versions('cut')).toBe('00001 00002 00003')
    expect(await attempts('cut')).toMatch(/^00001 done, 00002 done, 00003 done$/)
  })
})

describe('a run that was killed', () => {
  it('frees its lock; its dbmate goes on, and the next run waits for it, removes it, and never runs beside it', async () => {
    await using gate = await closeGate(postgres)
    using files = project({ killed: gated(gate.sql) })
    const first = startTool(['up', 'dev'], { cwd: files.directory })
    await gate.reached()
    const [container] = await containersOf('killed')
    first.child.kill('SIGKILL')
    await first.ended
    await lockSessionsAre(0)

    const status = await run(files, 'lock status dev --json')
    expect(lockDocument.parse(JSON.parse(status.stdout))).toMatchObject({
      databases: [{ database: 'killed', locked: false }],
      left: { containers: [{ name: container, running: true }], backends: [{ database: 'killed' }] },
    })
    const refused = await run(files, 'up dev --lock-wait 0')
    expect(refused.exit).toBe(5)
    expect(refused.stderr).toMatch(
      new RegExp(`A run that died left something at work on killed: container ${container}, backend \\d+`),
    )
    expect(refused.stderr).toContain('po-migrate lock release dev')

    const next = run(files, 'up dev')
    await lockSessionsAre(1)
    await sleep(500)
    expect(await gate.waiting()).toBe(1)
    await gate.open()
    const { exit, stderr } = await next
    expect(exit).toBe(0)
    expect(stderr).toMatch(
      new RegExp(`a run that died left container ${container}.* at work; waiting, \\d+ s left`),
    )
    expect(stderr).toContain(`removed ${container}, which a run that died had left`)
    expect(await attempts('killed')).toBe('00001 done, 00002 done, 00003 done')
    expect(await postgres.psql('killed', 'select count(*) from things')).toBe('1')
    expect(await containersOf('killed')).toEqual([])
  })

  it('is ended by lock release without a confirmation, and what it had not committed is taken back', async () => {
    await using gate = await closeGate(postgres)
    using files = project({ dead: gated(gate.sql) })
    const first = startTool(['up', 'dev'], { cwd: files.directory })
    await gate.reached()
    first.child.kill('SIGKILL')
    await first.ended
    await lockSessionsAre(0)
    const released = await run(files, 'lock release dev')
    expect(released).toMatchObject({ exit: 0, stdout: expect.stringContaining('dev: released.') })
    expect(await containersOf('dead')).toEqual([])
    await eventually('the backend to end', async () => (await gate.waiting()) === 0 || undefined)
    expect(await postgres.versions('dead')).toBe('00001')
    await gate.open()
    expect(await run(files, 'up dev --lock-wait 5')).toMatchObject({ exit: 0 })
    expect(await attempts('dead')).toBe('00001 done, 00002 failed, 00002 done, 00003 done')
  })
})

describe('lock', () => {
  it('status says who holds which database, as text and as the document of the schema', async () => {
    await using _lock = await acquire({ databases: ['seen_a'] })
    using files = project({ seen_a: gated(''), seen_b: gated('') })
    const text = await run(files, 'lock status dev')
    expect(text).toMatchObject({
      exit: 0,
      stdout: 'seen_a  anna@laptop, pid 4711, "po-migrate up dev", since 19:02:11 UTC\nseen_b  free\n',
    })
    const { exit, stdout } = await run(files, 'lock status dev --json')
    expect(exit).toBe(0)
    expect(lockDocument.parse(JSON.parse(stdout))).toEqual({
      version: 1,
      environment: 'dev',
      databases: [
        { database: 'seen_a', locked: true, holder: holder('po-migrate up dev') },
        { database: 'seen_b', locked: false },
      ],
      left: { containers: [], backends: [] },
    })
  })

  it('release with nothing held is 0', async () => {
    using files = project({ nobody: gated('') })
    expect(await run(files, 'lock release dev')).toMatchObject({ exit: 0, stdout: 'nobody  free\n' })
  })

  it("release of a live run's lock needs a confirmation, and then that run starts no further file", async () => {
    await using gate = await closeGate(postgres)
    using files = project({ alive: gated(gate.sql) })
    const first = run(files, 'up dev')
    await gate.reached()
    const refused = await run(files, 'lock release dev')
    expect(refused.exit).toBe(4)
    expect(refused.stderr).toContain('lock release dev --confirm yes')
    const { stdout } = await run(files, 'lock status dev --json')
    expect(lockDocument.parse(JSON.parse(stdout))).toMatchObject({
      databases: [{ database: 'alive', locked: true }],
      // What a live run has at work is not what a dead one left.
      left: { containers: [], backends: [] },
    })
    expect(await gate.waiting()).toBe(1)
    await lockSessionsAre(1)
    const released = await run(files, 'lock release dev --confirm yes')
    expect(released).toMatchObject({ exit: 0, stdout: expect.stringContaining('dev: released.') })
    await gate.open()
    const { exit, stderr } = await first
    expect({ exit, stderr }).toEqual({ exit: 1, stderr: expect.stringContaining('alive') })
    expect(await postgres.psql('alive', "select to_regclass('later') is null")).toBe('t')
    expect(await run(files, 'up dev')).toMatchObject({ exit: 0 })
    expect(await postgres.versions('alive')).toBe('00001 00002 00003')
  })
})

describe('what a run of another project left that died', () => {
  it('is waited for, told, and left to that project', async () => {
    await using gate = await closeGate(postgres)
    using theirs = project({ both: gated(gate.sql) }, (config) => {
      config.project = 'theirs'
    })
    using ours = project({ both: gated(gate.sql) })
    const first = startTool(['up', 'dev'], { cwd: theirs.directory })
    await gate.reached()
    const [container] = await containersOf('both')
    first.child.kill('SIGKILL')
    await first.ended
    await lockSessionsAre(0)

    const refused = await run(ours, 'up dev --lock-wait 0')
    expect(refused.exit).toBe(5)
    expect(refused.stderr).toContain(`container ${container} (of the project theirs)`)
    expect(refused.stderr).toContain('end it where it was begun: po-migrate lock release dev')
    expect(await run(ours, 'lock release dev')).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining(`still running: container ${container} of the project theirs`),
    })
    expect(await gate.waiting()).toBe(1)
    await gate.open()
    expect(await run(ours, 'up dev')).toMatchObject({
      exit: 0,
      stderr: expect.not.stringContaining('removed'),
    })
    const { stdout } = await run(ours, 'doctor dev --json')
    const check = JSON.parse(stdout).checks.find(({ title }: { title: string }) => title === 'left behind')
    expect(check).toMatchObject({ status: 'ok', finding: expect.stringContaining('nothing of this project') })
    expect(await containersOf('both')).toEqual([container])
    expect(await run(theirs, 'lock release dev')).toMatchObject({ exit: 0 })
    expect(await containersOf('both')).toEqual([])
  })
})

describe('what a run left that died, of a server that is gone', () => {
  it('is removed by the next run; what another project left, or of a server that is there, is not', async () => {
    using files = project({ outlived: { '00001_a.sql': migration('create table a (id int);') } })
    const made: string[] = []
    const make = async (labels: Record<string, string>): Promise<string> => {
      const all = Object.entries({ 'po-migrate.databases': 'outlived', ...labels })
      const args = all.flatMap(([name, value]) => ['--label', `${name}=${value}`])
      const id = await docker(['create', ...args, dbmateImage])
      made.push(id)
      return id
    }
    const dead = { 'po-migrate.run': holder('').run }
    const gone = await make({})
    const there = await make({})
    await make({ ...dead, 'po-migrate.server': gone })
    const others = await make({ ...dead, 'po-migrate.server': there })
    const elsewhere = await make({ ...dead, 'po-migrate.server': '7445812345678901234' })
    const theirs = await make({ ...dead, 'po-migrate.server': gone, 'po-migrate.project': 'theirs' })
    await docker(['rm', gone])
    try {
      expect(await run(files, 'up dev')).toMatchObject({
        exit: 0,
        stderr: expect.stringMatching(/^removed \S+, which a run that died had left$/m),
      })
      const ids = (await docker(['ps', '--all', '--quiet', '--no-trunc'])).split('\n')
      expect(made.filter((id) => ids.includes(id))).toEqual([there, others, elsewhere, theirs])
    } finally {
      await docker(['rm', there, others, elsewhere, theirs])
    }
  })
})
