import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { docker, eventually } from '../support/engine/docker.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { readEvents } from '../support/tool/events.ts'
import { startTool } from '../support/tool/process.ts'
import {
  makeProject,
  migration,
  type Project,
  type ProjectOptions,
  type Store,
} from '../support/tool/project.ts'
import { runIn, type ToolResult } from '../support/tool/tool.ts'

/** One server for all tests of this file: each uses databases of its own names. */
let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres[Symbol.asyncDispose]())

type Rehearsing = 'off' | 'schema' | 'data'

const project = (
  store: Store,
  { rehearse = 'schema', edit }: { rehearse?: Rehearsing | undefined; edit?: ProjectOptions['edit'] } = {},
): Project =>
  makeProject({
    network: postgres.network,
    store,
    edit: (config) => {
      config.state = 'state'
      config.environments.dev.rehearse = rehearse
      edit?.(config)
    },
  })

const rehearsalsOf = (result: ToolResult) =>
  readEvents(result).all.filter((event) => event.event === 'migration.rehearsed')

/** Containers of runs on this database, running or not. */
const containersOf = async (database: string): Promise<string[]> => {
  const format = '{{.Names}} {{.Label "po-migrate.databases"}}'
  const all = await docker(['ps', '--all', '--filter', 'label=po-migrate.run', '--format', format])
  return all.split('\n').filter((line) => line.split(' ').at(-1)?.split(',').includes(database))
}

/** A project whose first file is applied and whose database was then changed by hand. */
const withLive = async (
  database: string,
  { first, live, second, rehearse }: { first: string; live: string; second: string; rehearse?: Rehearsing },
): Promise<Project> => {
  const files = project({ [database]: { '00001_a.sql': migration(first) } }, { rehearse })
  expect(await runIn(files, 'up dev --no-rehearse')).toMatchObject({ exit: 0 })
  if (live) await postgres.psql(database, live)
  files.migrations({ [database]: { '00002_b.sql': second } })
  return files
}

describe('a rehearsal on copies of the schemas', () => {
  it('applies everything to a scratch server first, then for real, and leaves nothing behind', async () => {
    using files = project({
      well: { '00001_a.sql': migration('create table a (id int);') },
      well_too: {
        '00001_a.sql': migration('create table a (id int);'),
        '00002_b.sql': migration('create role rh_reader; grant select on a to rh_reader;'),
      },
    })
    const planned = await runIn(files, 'plan dev')
    expect(planned.stdout).toMatch(/1 +rehearsal +on a scratch server, on copies of the schemas/)
    const result = await runIn(files, 'up dev --json')
    const { steps, finished } = readEvents(result)
    expect(finished).toMatchObject({ status: 'done', exit: 0 })
    expect(steps[0]).toMatchObject({ kind: 'rehearse', rehearse: 'schema', status: 'done' })
    expect(rehearsalsOf(result)).toMatchObject([
      { database: 'well', migration: '00001_a.sql', status: 'done' },
      { database: 'well_too', migration: '00001_a.sql', status: 'done' },
      { database: 'well_too', migration: '00002_b.sql', status: 'done' },
    ])
    expect(await postgres.versions('well_too')).toBe('00001 00002')
    expect(await containersOf('well')).toEqual([])
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0, stdout: /nothing to do/ })
  })

  it('stops a file that fails only on what is there, with its line, and touches nothing in any database', async () => {
    using files = await withLive('live', {
      first: 'create table things (id int, colour text);',
      live: 'create view by_hand as select colour from things',
      second: migration('create table fine (id int);\nalter table things\n  drop column colour;'),
    })
    files.migrations({ another: { '00001_a.sql': migration('create table a (id int);') } })
    const { exit, stderr } = await runIn(files, 'up dev --accept-warning drop-column')
    expect(stderr).toContain('Rehearsal: live: 00002_b.sql failed')
    expect(stderr).toContain(
      'cannot drop column colour of table things because other objects depend on it (2BP01)',
    )
    expect(stderr).toContain('view by_hand depends on column colour')
    expect(stderr).toContain('nothing of dev was touched')
    expect(stderr).toContain('po-migrate up dev --no-rehearse')
    expect(stderr).toContain('→ correct live/00002_b.sql, then: po-migrate up dev')
    expect(exit).toBe(1)
    const { finished } = readEvents(await runIn(files, 'up dev --json'))
    expect(finished).toMatchObject({ status: 'failed', exit: 1, error: { touched: false } })
    expect(await postgres.versions('live')).toBe('00001')
    expect(await postgres.psql('live', 'select count(*) from po_migrate.ledger')).toBe('1')
    expect(
      await postgres.psql('postgres', "select count(*) from pg_database where datname = 'another'"),
    ).toBe('0')
    expect(await containersOf('live')).toEqual([])
  })
})
