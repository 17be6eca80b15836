import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { docker } from '../support/engine/docker.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { readEvents } from '../support/tool/events.ts'
import { makeProject, migration, type Project, type Store } from '../support/tool/project.ts'
import { runIn, runTool } from '../support/tool/tool.ts'

// Each builds scratch databases, one after the other.
vi.setConfig({ testTimeout: 300_000 })

const postgres = usePostgres()

const store = join(import.meta.dirname, '../../infrastructure/migrations')
const readStore = (name: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(join(store, name)).map((file) => [file, readFileSync(join(store, name, file), 'utf8')]),
  )
const upOf = (text: string): string =>
  text.slice(text.indexOf('-- migrate:up'), text.indexOf('-- migrate:down'))

const project = (files: Store): Project =>
  makeProject({
    network: postgres.network,
    store: files,
    state: 'state',
  })

/** As somebody made it with psql, who knew no dbmate. */
const makeByHand = async (database: string, files: Record<string, string>, count: number): Promise<void> => {
  await postgres.psql('postgres', `create database ${database}`)
  for (const file of Object.keys(files).sort().slice(0, count))
    await postgres.psql(database, upOf(files[file] ?? ''))
}

const scratchContainers = (): Promise<string> =>
  docker(['ps', '--all', '--quiet', '--filter', `label=po-migrate.server=${postgres.container}`])

describe('adopt', () => {
  it('records, of every database of the store, exactly the files that made it, and drift finds nothing then', async () => {
    const calendar = readStore('calendar')
    const stores = { iam: readStore('iam'), rag: readStore('rag'), calendar, early: calendar }
    using files = project(stores)
    for (const [name, count] of [
      ['iam', 1],
      ['rag', 1],
      ['calendar', 5],
      ['early', 3],
    ] as const)
      await makeByHand(name, stores[name], count)
    const shown = await runIn(files, 'adopt dev')
    expect(shown.exit).toBe(4)
    expect(shown.stdout).toMatch(/early {2}3 migrations proven/)
    expect(shown.stdout).toMatch(/00010_connection_template_binding.sql +pending/)
    expect(shown.stderr).toContain('po-migrate adopt dev --confirm yes')
    expect(await postgres.psql('iam', "select to_regclass('schema_migrations') is null")).toBe('t')

    const { steps, finished } = readEvents(await runIn(files, 'adopt dev --confirm yes --json'))
    expect([finished.exit, steps.length]).toEqual([0, 4])
    expect(await postgres.versions('early')).toBe('00001 00008 00009')
    expect(await postgres.versions('calendar')).toBe('00001 00008 00009 00010 00011')
    const ledger = `select string_agg(version || ' ' || outcome || ' ' || actor, ', ' order by id) from po_migrate.ledger`
    expect(await postgres.psql('iam', ledger)).toBe('00001 adopted tester@test-machine')
    expect((await runIn(files, 'history dev --db iam')).stdout).toContain(
      '00001_initial_schema.sql (adopted)',
    )

    const same = await runIn(files, 'drift dev')
    expect([same.exit, same.stdout]).toEqual([
      0,
      expect.stringContaining('calendar is as its 5 applied files make it'),
    ])
    expect((await runIn(files, 'up dev --db early')).exit).toBe(0)
    expect((await runIn(files, 'drift dev --db early')).exit).toBe(0)
    expect(await scratchContainers()).toBe('')
  })

  it('and drift build what makes a schema called as the user, where dbmate looks for its table then', async () => {
    const name = 'own_schema'
    const text = migration(
      'create schema postgres; create table postgres.t (id int);',
      'drop schema postgres cascade;',
    )
    const written = {
      '00001_own.sql': text,
      '00002_more.sql': migration('create table u (id int);', 'drop table u;'),
    }
    using files = project({ [name]: written })
    await makeByHand(name, written, 1)
    expect(await runIn(files, 'adopt dev --confirm yes')).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/own_schema {2}1 migration proven/),
    })
    expect(await runIn(files, 'drift dev')).toMatchObject({ exit: 0 })
    expect((await runIn(files, 'up dev')).exit).toBe(0)
    expect(await runIn(files, 'drift dev')).toMatchObject({ exit: 0 })
  })

  it.each([
    ['one index removed', 'drop index activity_log_entity_idx', 'index public.activity_log_entity_idx'],
    [
      'one type changed',
      'alter table connection_template_bindings alter column title_contains type varchar(200)',
      'table public.connection_template_bindings',
    ],
    ['one column added', 'alter table activity_log add column extra text', 'table public.activity_log'],
  ])('refuses a database with %s, which drift finds and names', async (what, sql, object) => {
    const name = what.replaceAll(' ', '_')
    using files = project({ [name]: readStore('calendar') })
    await makeByHand(name, readStore('calendar'), 4)
    await postgres.psql(name, sql)
    const refused = await runIn(files, `adopt dev --db ${name} --confirm yes`)
    expect([refused.exit, refused.stderr]).toEqual([4, expect.stringContaining(`  ${object}\n`)])
    expect(refused.stdout).toContain('CONFLICT')
    expect(await postgres.psql(name, "select to_regclass('schema_migrations') is null")).toBe('t')

    const allowed = ['adopt', 'dev', '--db', name, '--allow-difference', object, '--confirm', 'yes']
    expect(await runTool(allowed, { cwd: files.directory })).toMatchObject({ exit: 0 })
    expect(await postgres.versions(name)).toBe('00001 00008 00009 00010')
    const drifted = await runIn(files, `drift dev --db ${name} --json`)
    expect(drifted.exit).toBe(3)
    const { databases } = JSON.parse(drifted.stdout)
    expect(databases[0].differences.map((one: { object: string }) => one.object)).toEqual([object])
  })

  it('leaves a file at the end pending that changes no schema, and says so', async () => {
    const seeded = {
      '00001_a.sql': migration('create table a (id int);'),
      '00002_seed.sql': migration('insert into a values (1);'),
    }
    using files = project({ seeded })
    await makeByHand('seeded', seeded, 2)
    const { exit, stdout } = await runIn(files, 'adopt dev --confirm yes')
    expect([exit, stdout]).toEqual([0, expect.stringContaining('whether it ran is not to be seen')])
    expect(await postgres.versions('seeded')).toBe('00001')
  })

  it('finds the files that drop what older ones made, and needs fewer than 10 builds for 100', async () => {
    const many: Record<string, string> = {}
    for (let n = 1; n <= 100; n++) {
      const drop = n % 7 === 0 ? `drop table t${n - 3};` : ''
      many[`${String(n).padStart(5, '0')}_t.sql`] = migration(`create table t${n} (a int, b text);${drop}`)
    }
    using files = project({ many })
    await makeByHand('many', many, 73)
    const { exit, stdout } = await runIn(files, 'adopt dev --confirm yes')
    const [, proven, builds] = /many {2}(\d+) migrations proven, by (\d+) scratch/.exec(stdout) ?? []
    expect([exit, proven]).toEqual([0, '73'])
    expect(Number(builds)).toBeLessThan(10)
  })

  it('has nothing to do where versions are recorded, and is offered where tables stand without', async () => {
    using files = project({ known: { '00001_a.sql': migration('create table known_a (id int);') } })
    expect((await runIn(files, 'up dev')).exit).toBe(0)
    expect(await runIn(files, 'adopt dev --confirm yes')).toMatchObject({
      exit: 0,
      stderr: expect.stringContaining('1 recorded already'),
    })
    await postgres.psql('known', 'drop table schema_migrations')
    const refused = await runIn(files, 'up dev')
    expect([refused.exit, refused.stderr]).toEqual([
      4,
      expect.stringContaining('po-migrate adopt dev --db known'),
    ])
    expect((await runIn(files, 'adopt dev --confirm yes')).exit).toBe(0)
    expect(await postgres.versions('known')).toBe('00001')
  })
})
