import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { docker, eventually } from '../support/engine/docker.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { readEvents } from '../support/tool/events.ts'
import { startTool } from '../support/tool/process.ts'
import { makeProject, migration, type Project, type Store } from '../support/tool/project.ts'
import { runTool, type ToolResult } from '../support/tool/tool.ts'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres[Symbol.asyncDispose]())

const project = (store: Store): Project =>
  makeProject({
    network: postgres.network,
    store,
    edit: (config) => {
      config.state = 'state'
    },
  })

const up = ({ directory }: Project): Promise<ToolResult> =>
  runTool(['up', 'dev', '--json'], { cwd: directory })

const fileOf = (index: number, sql: string): [string, string] => [
  `0000${index}_file.sql`,
  migration(sql, 'select 1;'),
]

const files: Record<string, string> = Object.fromEntries([
  fileOf(1, 'create table author (id bigint generated always as identity primary key, name text not null);'),
  fileOf(2, 'create table book (id bigint primary key, author bigint not null references author (id));'),
  fileOf(3, 'create temp table passing (id int); create view titles as select id from book;'),
  fileOf(4, 'create index on book (author);'),
  fileOf(5, "insert into author (name) values ('Ada');"),
  fileOf(6, "create type colour as enum ('red'); alter table book add column colour colour;"),
])

const rows = (database: string): Promise<string> =>
  postgres.psql(
    database,
    "select string_agg(version || ' ' || outcome, ', ' order by id) from po_migrate.ledger",
  )

const schemaOf = async (database: string): Promise<string> => {
  const command = ['pg_dump', '--username', 'postgres', '--schema', 'public', '--inserts', database]
  const dump = await docker(['exec', postgres.container, ...command])
  return dump.replaceAll(/^\\(?:un)?restrict .*$/gm, '').replaceAll(database, 'DATABASE')
}

describe('the files of a database that a run has made', () => {
  it('leave the schema, the rows and the history that they leave file by file', async () => {
    using together = project({ together: files })
    expect((await up(together)).exit).toBe(0)
    await postgres.psql('postgres', 'create database apart')
    using apart = project({ apart: files })
    expect((await up(apart)).exit).toBe(0)
    expect(await schemaOf('together')).toBe(await schemaOf('apart'))
    expect(await rows('together')).toBe(await rows('apart'))
    expect(await postgres.versions('together')).toBe(await postgres.versions('apart'))
  })

  it('stop at the one that fails, and those behind it were never attempted', async () => {
    using made = project({
      stopped: { ...files, ...Object.fromEntries([fileOf(4, 'create index on nothing (author);')]) },
    })
    const result = await up(made)
    expect(result.exit).toBe(1)
    const { finished } = readEvents(result)
    expect(finished.error?.message).toContain('00004_file.sql failed: relation "nothing" does not exist')
    expect(await postgres.versions('stopped')).toBe('00001 00002 00003')
    expect(await rows('stopped')).toBe('00001 done, 00002 done, 00003 done, 00004 failed')
    made.migrations({ stopped: files })
    expect((await up(made)).exit).toBe(0)
    expect(await postgres.versions('stopped')).toBe('00001 00002 00003 00004 00005 00006')
  })

  it('are explained by the next run when a run is killed between two of them', async () => {
    const slow = {
      ...files,
      ...Object.fromEntries([fileOf(5, 'select pg_sleep(8);'), fileOf(6, 'create table c (id int);')]),
    }
    using made = project({ killed: slow })
    const tool = startTool(['up', 'dev'], { cwd: made.directory })
    const asleep =
      "select count(*) from pg_stat_activity where datname = 'killed' and query like '%pg_sleep(8)%'"
    await eventually(
      'the fifth file',
      async () => (await postgres.psql('postgres', asleep)) !== '0' || undefined,
    )
    tool.child.kill('SIGKILL')
    await tool.ended
    expect(await rows('killed')).toContain('00005 running, 00006 running')
    const result = await up(made)
    expect({ exit: result.exit, stderr: result.exit === 0 ? '' : result.stderr }).toEqual({
      exit: 0,
      stderr: '',
    })
    expect(await postgres.versions('killed')).toBe('00001 00002 00003 00004 00005 00006')
    expect(await rows('killed')).not.toContain('running')
  })
})
