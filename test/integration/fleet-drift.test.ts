import { describe, expect, it, vi } from 'vitest'
import { driftDocument } from '../../src/report/drift-documents.ts'
import { countBuilds } from '../support/engine/count-containers.ts'
import { docker } from '../support/engine/docker.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { watchSessions } from '../support/postgres/watch-sessions.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'
import { runIn, type ToolResult } from '../support/tool/tool.ts'

// Each builds scratch databases, one after the other.
vi.setConfig({ testTimeout: 300_000 })

const postgres = usePostgres()

const notes = {
  '00001_notes.sql': migration('create table notes (id int, body text);', 'drop table notes;'),
  '00002_extra.sql': migration('alter table notes add extra int;', 'alter table notes drop extra;'),
}

const few = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}_${index + 1}`)

type Options = { fleet: object; tenant?: Record<string, string>; named?: string }

/** A fleet, and beside it perhaps a database by itself. */
const project = (id: string, { fleet, tenant = notes, named }: Options): Project =>
  makeProject({
    network: postgres.network,
    store: { tenant, ...(named && { [named]: notes }) },
    state: 'state',
    edit: (config) => {
      config.project = id
      config.databases = {
        ...(named && { [named]: null }),
        tenants: { directory: 'migrations/tenant', create: true, ...fleet },
      }
    },
  })

const documentOf = ({ stdout }: ToolResult) => driftDocument.parse(JSON.parse(stdout))

/** Each group of a fleet in few words. */
const groupsOf = (result: ToolResult) =>
  documentOf(result).fleets?.flatMap(({ fleet, groups }) =>
    groups.map(({ databases, differences, error }) => ({
      fleet,
      names: databases.length > 5 ? databases.length : databases.map(({ name }) => name),
      differences: differences.map(({ object, state }) => `${object} ${state}`),
      ...(error && { error: error.message }),
    })),
  )

const scratchContainers = (): Promise<string> =>
  docker(['ps', '--all', '--quiet', '--filter', `label=po-migrate.server=${postgres.container}`])

describe('drift of a fleet', () => {
  it('compares 34 databases with two that are built, groups them, and never has more sessions than the config allows', async () => {
    const names = few('many', 34)
    using files = project('fleet-drift-many', { fleet: { from: { list: names } }, named: 'alone' })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    for (const name of ['many_4', 'many_9'])
      await postgres.psql(name, 'create index by_hand on notes (extra)')
    await postgres.psql('many_5', 'alter table notes alter id type bigint')
    await postgres.psql(
      'many_20',
      "alter table notes drop extra; delete from schema_migrations where version = '00002'",
    )
    await postgres.psql('many_30', "insert into schema_migrations values ('00099')")
    await postgres.psql('many_31', 'drop table schema_migrations')

    const builds = countBuilds('fleet-drift-many')
    const watcher = await watchSessions(postgres)
    const result = await runIn(files, 'drift dev --json')
    const most = await watcher.stop()
    expect(result.exit).toBe(4)
    expect(documentOf(result).databases.map(({ name, differences }) => [name, differences])).toEqual([
      ['alone', []],
    ])
    expect(groupsOf(result)).toEqual([
      { fleet: 'tenants', names: 29, differences: [] },
      {
        fleet: 'tenants',
        names: ['tenants/many_4', 'tenants/many_9'],
        differences: ['index public.by_hand unexpected'],
      },
      { fleet: 'tenants', names: ['tenants/many_5'], differences: ['table public.notes changed'] },
      {
        fleet: 'tenants',
        names: ['tenants/many_30'],
        differences: [],
        error: expect.stringContaining('00099 is applied, and this checkout has no file'),
      },
      {
        fleet: 'tenants',
        names: ['tenants/many_31'],
        differences: [],
        error: expect.stringContaining('many_31: tables, but no schema_migrations'),
      },
    ])
    // Of the database by itself, of two files, of one.
    expect(await builds()).toBe(3)
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(8)
    expect(await scratchContainers()).toBe('')

    const { exit, stdout } = await runIn(files, 'drift dev')
    expect(exit).toBe(4)
    expect(stdout).toContain('alone is as its 2 applied files make it')
    expect(stdout).toContain(
      'tenants  34 databases: 29 as their files make them, 3 different, 2 not compared',
    )
    expect(stdout).toContain(
      '2 databases (many_4, many_9): 1 difference from what their 2 applied files make',
    )
    expect(stdout).toContain('many_30: 00099 is applied')
  })

  it('takes a fleet, or one of its databases, and names those that cannot be read', async () => {
    await postgres.psql('postgres', 'create database some_closed')
    const names = ['some_1', 'some_2', 'some_gone', 'some_closed']
    using files = project('fleet-drift-some', {
      fleet: { from: { list: names }, create: false },
      named: 'other',
    })
    for (const name of ['some_1', 'some_2']) await postgres.psql('postgres', `create database ${name}`)
    expect(await runIn(files, 'up dev --db tenants/some_1 --db tenants/some_2')).toMatchObject({ exit: 0 })
    await postgres.psql('some_2', 'drop table notes')
    await postgres.psql('postgres', 'alter database some_closed allow_connections false')

    const one = await runIn(files, 'drift dev --db tenants/some_1 --json')
    expect([one.exit, documentOf(one).databases, groupsOf(one)]).toEqual([
      0,
      [],
      [{ fleet: 'tenants', names: ['tenants/some_1'], differences: [] }],
    ])
    expect(await runIn(files, 'drift dev --db tenants/some_2')).toMatchObject({
      exit: 3,
      stdout: expect.stringContaining('some_2: 1 difference from what its 2 applied files make'),
    })
    const all = await runIn(files, 'drift dev --db tenants --json')
    expect(all.exit).toBe(4)
    expect(groupsOf(all)).toEqual([
      { fleet: 'tenants', names: ['tenants/some_1'], differences: [] },
      { fleet: 'tenants', names: ['tenants/some_2'], differences: ['table public.notes missing'] },
      {
        fleet: 'tenants',
        names: ['tenants/some_gone'],
        differences: [],
        error: expect.stringContaining('is not on the server'),
      },
      {
        fleet: 'tenants',
        names: ['tenants/some_closed'],
        differences: [],
        error: expect.stringContaining('not currently accepting connections'),
      },
    ])
  })

  it('builds anew where the name stands in the schema, and once for tenants with owners of their own', async () => {
    const named = {
      '00001_named.sql': migration(
        `create table named (id int); do $$ begin execute format('comment on table named is %L', current_database()); end $$;`,
      ),
    }
    const names = few('own', 4)
    for (const name of names)
      await postgres
        .psql('postgres', `create role ${name}_owner`)
        .then(() => postgres.psql('postgres', `create database ${name} owner ${name}_owner`))
    using files = project('fleet-drift-own', { fleet: { from: { list: names } } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    const builds = countBuilds('fleet-drift-own')
    expect(await runIn(files, 'drift dev')).toMatchObject({ exit: 0 })
    expect(await builds()).toBe(1)

    const titled = few('titled', 3)
    using others = project('fleet-drift-titled', { fleet: { from: { list: titled } }, tenant: named })
    expect(await runIn(others, 'up dev')).toMatchObject({ exit: 0 })
    expect(await runIn(others, 'drift dev')).toMatchObject({ exit: 0 })
    await postgres.psql('titled_3', "comment on table named is 'titled_1'")
    const result = await runIn(others, 'drift dev --json')
    expect([result.exit, groupsOf(result)?.map(({ names }) => names)]).toEqual([
      3,
      [['tenants/titled_1', 'tenants/titled_2'], ['tenants/titled_3']],
    ])
  })

  it('tells of files that fail once, for all that have them', async () => {
    using files = project('fleet-drift-broken', { fleet: { from: { list: few('broken', 3) } } })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
    files.migrations({ tenant: { '00002_extra.sql': migration('alter table nowhere add extra int;') } })
    const builds = countBuilds('fleet-drift-broken')
    const { exit, stdout } = await runIn(files, 'drift dev')
    expect([exit, await builds()]).toEqual([1, 1])
    expect(stdout).toContain('3 databases (broken_1, broken_2, broken_3): 00002_extra.sql fails: relation')
    expect(stdout).toContain('correct tenants/00002_extra.sql')
  })
})
