import { describe, expect, it, vi } from 'vitest'
import { countBuilds } from '../support/engine/count-containers.ts'
import { eventually } from '../support/engine/docker.ts'
import { holdDatabase } from '../support/postgres/hold-database.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { watchSessions } from '../support/postgres/watch-sessions.ts'
import { readEvents } from '../support/tool/events.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'
import { runIn } from '../support/tool/tool.ts'

// Each builds scratch databases, one after the other.
vi.setConfig({ testTimeout: 300_000 })

const postgres = usePostgres()

const steps = [
  'create table notes (id int, body text);',
  'alter table notes add extra int;',
  'create index notes_extra on notes (extra);',
]
const tenant = Object.fromEntries(steps.map((up, index) => [`0000${index + 1}_step.sql`, migration(up)]))

const few = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}_${index + 1}`)

const project = (id: string, list: readonly string[], databases: object = {}): Project =>
  makeProject({
    network: postgres.network,
    store: { tenant, ...Object.fromEntries(Object.keys(databases).map((name) => [name, tenant])) },
    state: 'state',
    edit: (config) => {
      config.project = id
      config.databases = { ...databases, tenants: { directory: 'migrations/tenant', from: { list } } }
    },
  })

/** As somebody made it with psql, who knew no dbmate. */
const makeByHand = async (database: string, count: number): Promise<void> => {
  await postgres.psql('postgres', `create database ${database}`)
  if (count > 0) await postgres.psql(database, steps.slice(0, count).join(''))
}

const isUntracked = async (database: string): Promise<boolean> =>
  (await postgres.psql(database, "select to_regclass('schema_migrations') is null")) === 't'

describe('adopting a fleet', () => {
  it('proves 32 databases with the builds of one, shows them in groups, and leaves alone what conflicts', async () => {
    const names = few('many', 32)
    for (const [index, name] of names.entries()) await makeByHand(name, index === 6 ? 2 : 3)
    for (const name of ['many_3', 'many_5'])
      await postgres.psql(name, 'alter table notes alter id type bigint')
    using files = project('fleet-adopt-many', [...names, 'many_gone'])

    const builds = countBuilds('fleet-adopt-many')
    const watcher = await watchSessions(postgres)
    const shown = await runIn(files, 'adopt dev')
    const most = await watcher.stop()
    expect([shown.exit, shown.stderr]).toEqual([
      4,
      expect.stringContaining('po-migrate adopt dev --confirm yes'),
    ])
    expect(shown.stdout).toMatch(
      /tenants: 29 databases \(many_1, many_2, .* and 9 more\) {2}3 migrations proven/,
    )
    expect(shown.stdout).toMatch(/tenants: 1 database \(many_7\) {2}2 migrations proven/)
    expect(shown.stdout).toMatch(/tenants: 2 databases \(many_3, many_5\) {2}0 migrations proven/)
    // Each number of files once: none, one, two and three of them, however many databases there are.
    expect(await builds()).toBeLessThanOrEqual(4)
    expect(most).toBeLessThanOrEqual(8)
    expect(await isUntracked('many_1')).toBe(true)

    const done = await runIn(files, 'adopt dev --confirm yes')
    expect(done.exit).toBe(1)
    expect(done.stdout).toContain('89 migrations recorded as applied (tenants 89 in 30 databases)')
    expect(done.stderr).toContain('3 databases refused; the others are done')
    expect(done.stderr).toMatch(/2 databases \(many_3, many_5\): CONFLICT: .* differs in table public.notes/)
    expect(done.stderr).toContain('-     id integer')
    expect(done.stderr).toContain('many_gone: is not on the server')
    expect(await postgres.versions('many_1')).toBe('00001 00002 00003')
    expect(await postgres.versions('many_7')).toBe('00001 00002')
    expect(await isUntracked('many_3')).toBe(true)

    const again = await runIn(files, 'adopt dev --confirm yes --db tenants/many_3')
    expect([again.exit, again.stderr]).toEqual([4, expect.stringContaining('Nothing was touched')])
    const allow = ['--db', 'tenants/many_3', '--allow-difference', 'public.notes']
    expect((await runIn(files, `adopt dev --confirm yes ${allow.join(' ')}`)).exit).toBe(0)
    expect(await postgres.versions('many_3')).toBe('00001 00002 00003')
    const left = await runIn(files, 'adopt dev --confirm yes --db tenants/many_1 --db tenants/many_2')
    expect([left.exit, left.stderr]).toEqual([
      0,
      expect.stringContaining('tenants: many_1, many_2: 3 recorded already'),
    ])
  })

  it('leaves alone one that another run has, and records the others', async () => {
    for (const name of few('busy', 3)) await makeByHand(name, 3)
    using files = project('fleet-adopt-busy', few('busy', 3))
    await using _held = await holdDatabase(postgres, 'busy_1')
    const { finished, steps } = readEvents(await runIn(files, 'adopt dev --confirm yes --lock-wait 1 --json'))
    expect([finished.exit, steps.map(({ database, status }) => `${database} ${status}`)]).toEqual([
      1,
      ['busy_1 failed', 'busy_2 done', 'busy_3 done'],
    ])
    expect(await isUntracked('busy_1')).toBe(true)
    expect(await postgres.versions('busy_3')).toBe('00001 00002 00003')
  })

  it('holds the lock of each while it records, and records nothing of one that was changed since', async () => {
    for (const name of few('late', 2)) await makeByHand(name, 3)
    using files = project('fleet-adopt-late', few('late', 2))
    const held = await holdDatabase(postgres, 'late_1')
    const running = runIn(files, 'adopt dev --confirm yes --lock-wait 60')
    const locks = "select count(*) > 1 from pg_locks where locktype = 'advisory'"
    await eventually('the run to record', async () => (await postgres.psql('postgres', locks)) === 't')
    await postgres.psql('late_1', 'drop index notes_extra')
    await held[Symbol.asyncDispose]()
    const { exit, stderr } = await running
    expect([exit, stderr]).toEqual([1, expect.stringContaining('late_1 was changed since it was proven')])
    expect(await isUntracked('late_1')).toBe(true)
    expect(await postgres.versions('late_2')).toBe('00001 00002 00003')
  })

  it('records nothing at all where a database by itself conflicts', async () => {
    await makeByHand('alone', 3)
    await postgres.psql('alone', 'alter table notes drop body')
    await makeByHand('beside', 3)
    using files = project('fleet-adopt-alone', ['beside'], { alone: null })
    const { exit, stderr } = await runIn(files, 'adopt dev --confirm yes')
    expect([exit, stderr]).toEqual([
      4,
      expect.stringContaining('the others: po-migrate adopt dev --db tenants'),
    ])
    expect(await isUntracked('beside')).toBe(true)
  })
})
