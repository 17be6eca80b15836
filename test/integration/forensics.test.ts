import { describe, expect, it } from 'vitest'
import { doctorDocument } from '../../src/report/documents.ts'
import { docker, eventually, run } from '../support/engine/docker.ts'
import { closeGate } from '../support/postgres/gate.ts'
import { openSession } from '../support/postgres/session.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { startTool, type ToolProcess } from '../support/tool/process.ts'
import { makeProject, migration, type Project, type ProjectConfig } from '../support/tool/project.ts'
import { runIn, type ToolResult } from '../support/tool/tool.ts'

/** One server for all tests of this file: each uses a database of its own. */
const postgres = usePostgres()

const outside = (up: string): string => `-- migrate:up transaction:false\n${up}\n\n-- migrate:down\n`

const table = migration('create table things (id int);')
const next = migration('create table later (id int);')

type Setting = { file: string; first?: string; edit?: (config: ProjectConfig) => void }

/** One database: a table, which is applied, then the file on which the run will die, and one that comes after it. */
const project = async (database: string, { file, first = table, edit }: Setting): Promise<Project> => {
  const files = makeProject({
    network: postgres.network,
    store: { [database]: { '00001_table.sql': first } },
    state: 'state',
    edit,
  })
  expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
  files.migrations({ [database]: { '00002_dies.sql': file, '00003_next.sql': next } })
  return files
}

const attempts = (database: string): Promise<string> =>
  postgres.psql(
    database,
    "select string_agg(version || ' ' || outcome, ', ' order by id) from po_migrate.ledger",
  )

const containersOf = async (database: string): Promise<string[]> => {
  const label = `label=po-migrate.databases=${database}`
  return (await docker(['ps', '--all', '--filter', label, '--format', '{{.Names}}']))
    .split('\n')
    .filter(Boolean)
}

/** How many backends dbmate has in this database. */
const backends = (database: string, where = 'true'): Promise<string> =>
  postgres.psql(
    'postgres',
    `select count(*) from pg_stat_activity where datname = '${database}' and application_name like '% dbmate' and ${where}`,
  )

const waitsForLock = (database: string, query: string): Promise<unknown> =>
  eventually('dbmate to wait for a lock', async () => {
    const where = `wait_event_type = 'Lock' and query ilike '%${query}%'`
    return (await backends(database, where)) === '1' || undefined
  })

const start = ({ directory }: Project): ToolProcess => startTool(['up', 'dev'], { cwd: directory })

/** As a power cut of the orchestrator. */
const killTool = async (process: ToolProcess): Promise<void> => {
  process.child.kill('SIGKILL')
  await process.ended
}

/** The container dies too, and its backend notices. */
const killContainer = async (database: string): Promise<void> => {
  await docker(['kill', ...(await containersOf(database))])
  await eventually('the backend to end', async () => (await backends(database)) === '0' || undefined)
}

const check = async (files: Project, title: string) => {
  const { stdout } = await runIn(files, 'doctor dev --json')
  return doctorDocument.parse(JSON.parse(stdout)).checks.find((result) => result.title === title)
}

/** The commands that a refusal prints, in order. */
const commandsIn = ({ stderr }: ToolResult): string[] =>
  [...stderr.matchAll(/→ (docker exec .*)$/gm)].map(([, command = '']) => command)

/** What a person does with a command: hand it to a shell. */
const paste = async (command: string | undefined): Promise<void> => {
  const { exit, stderr } = await run('sh', ['-c', command ?? 'false'])
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
}

/** The next run brings the database to the end, every file once, and nothing is left. */
const expectEnd = async (files: Project, database: string, from?: string): Promise<void> => {
  expect(await runIn(files, 'up dev')).toMatchObject({ exit: 0 })
  expect(await postgres.versions(database, from)).toBe('00001 00002 00003')
  expect(await containersOf(database)).toEqual([])
  expect(await runIn(files, 'up dev')).toMatchObject({
    exit: 0,
    stdout: expect.stringContaining('nothing to do'),
  })
  for (const title of ['left behind', 'unfinished work', 'invalid indexes'])
    expect(await check(files, title)).toMatchObject({ status: 'ok' })
}

describe('after the orchestrator was killed in a transactional file', () => {
  it('the file that its container finished alone is settled as done, and the next run goes on behind it', async () => {
    await using gate = await closeGate(postgres)
    using files = await project('fx_finished', {
      file: migration(`insert into things values (1);\n${gate.sql}`),
    })
    const process = start(files)
    await gate.reached()
    await killTool(process)
    expect(await attempts('fx_finished')).toBe('00001 done, 00002 running')
    expect(await check(files, 'left behind')).toMatchObject({
      status: 'failed',
      finding: expect.stringMatching(/container po-migrate-\S+, backend \d+ in fx_finished/),
      remedy: 'po-migrate lock release dev',
    })
    expect(await check(files, 'unfinished work')).toMatchObject({ status: 'skipped' })
    await gate.open()
    await eventually('the container to end', async () => (await backends('fx_finished')) === '0' || undefined)
    await expectEnd(files, 'fx_finished')
    expect(await attempts('fx_finished')).toBe('00001 done, 00002 done, 00003 done')
    expect(await postgres.psql('fx_finished', 'select count(*) from things')).toBe('1')
  })

  it('the file that Postgres took back is settled as failed, and the next run applies it once', async () => {
    await using gate = await closeGate(postgres)
    using files = await project('fx_undone', {
      file: migration(`insert into things values (1);\n${gate.sql}`),
    })
    const process = start(files)
    await gate.reached()
    await killTool(process)
    await killContainer('fx_undone')
    await gate.open()
    expect(await postgres.versions('fx_undone')).toBe('00001')
    expect(await check(files, 'left behind')).toMatchObject({ status: 'failed' })
    expect(await runIn(files, 'lock release dev')).toMatchObject({ exit: 0 })
    expect(await check(files, 'unfinished work')).toMatchObject({
      status: 'warning',
      finding: expect.stringContaining('00002_dies.sql'),
      remedy: 'po-migrate up dev',
    })
    await expectEnd(files, 'fx_undone')
    expect(await attempts('fx_undone')).toBe('00001 done, 00002 failed, 00002 done, 00003 done')
    expect(await postgres.psql('fx_undone', 'select count(*) from things')).toBe('1')
  })
})

/** An index by the names of its file, and by the one that any session understands. */
const places = [
  { database: 'fx_plain', index: 'things_id', on: 'things', found: 'things_id' },
  { database: 'fx_quoted', index: '"Things of id"', on: 'public.things', found: '"Things of id"' },
  { database: 'fx_schema', index: 'things_id', on: 'app.things', found: 'app.things_id' },
  {
    database: 'fx_path',
    index: 'things_id',
    on: 'things',
    found: 'app.things_id',
    searchPath: 'app,public',
    from: 'app.schema_migrations',
  },
]

const inTwoSchemas = migration(
  'create schema if not exists app; create table app.things (id int); create table public.things (id int);',
)

/** Kills a run in the concurrent build of `00002`, at what a statement of an application makes it wait for. */
const killInBuild = async (files: Project, database: string, query: string): Promise<void> => {
  const process = start(files)
  await waitsForLock(database, query)
  await killTool(process)
  await killContainer(database)
}

describe('after a run was killed in CREATE INDEX CONCURRENTLY', () => {
  it.each(places)(
    'the INVALID $found of $database stops the next run, with the command that drops it',
    async (place) => {
      const { database, index, on, found, searchPath, from } = place
      using files = await project(database, {
        first: inTwoSchemas,
        file: outside(`create index concurrently ${index} on ${on} (id);`),
        edit: (config) => {
          if (searchPath) config.databases = { [database]: { search_path: searchPath } }
        },
      })
      await using app = await openSession(postgres, database)
      await app.query(`begin; insert into app.things values (1); insert into public.things values (1);`)
      await killInBuild(files, database, 'concurrently')
      await app.query('rollback')
      expect(await runIn(files, 'lock release dev')).toMatchObject({ exit: 0 })
      const looked = [await check(files, 'unfinished work'), await check(files, 'invalid indexes')]
      const refused = await runIn(files, 'up dev')
      expect(refused.exit).toBe(4)
      expect(refused.stderr).toContain(`the index ${index} was left INVALID`)
      const [command, ...others] = commandsIn(refused)
      expect(others).toEqual([])
      expect(command).toContain(`drop index concurrently ${found};`)
      for (const result of looked) expect(result).toMatchObject({ status: 'failed', remedy: command })
      expect(await postgres.versions(database, from)).toBe('00001')
      await paste(command)
      await expectEnd(files, database, from)
      const valid = `select indisvalid from pg_index where indexrelid = '${found}'::regclass`
      expect(await postgres.psql(database, valid)).toBe('t')
    },
  )

  it('a valid index whose version was not recorded stops the next run, with the command that records it', async () => {
    using files = await project('fx_valid', {
      file: outside('create index concurrently things_id on things (id);'),
    })
    await using app = await openSession(postgres, 'fx_valid')
    await app.query('begin; lock table schema_migrations in exclusive mode;')
    await killInBuild(files, 'fx_valid', 'insert into')
    await app.query('rollback')
    expect(await runIn(files, 'lock release dev')).toMatchObject({ exit: 0 })
    const looked = await check(files, 'unfinished work')
    const refused = await runIn(files, 'up dev')
    expect(refused).toMatchObject({
      exit: 4,
      stderr: expect.stringContaining('things_id is there and valid'),
    })
    const [command, ...others] = commandsIn(refused)
    expect(others).toEqual([])
    expect(looked).toMatchObject({ status: 'failed', remedy: command })
    expect(await postgres.versions('fx_valid')).toBe('00001')
    await paste(command)
    await expectEnd(files, 'fx_valid')
    expect(await attempts('fx_valid')).toBe('00001 done, 00002 done, 00003 done')
  })

  it('an index that is absent lets the next run go on', async () => {
    using files = await project('fx_absent', {
      file: outside('create index concurrently things_id on things (id);'),
    })
    await using app = await openSession(postgres, 'fx_absent')
    await app.query('begin; lock table things in share update exclusive mode;')
    await killInBuild(files, 'fx_absent', 'concurrently')
    await app.query('rollback')
    await expectEnd(files, 'fx_absent')
    expect(await attempts('fx_absent')).toBe('00001 done, 00002 failed, 00002 done, 00003 done')
  })
})

/** Commits its first row, then stands at the gate. */
const halfway = (gate: string): string =>
  outside(gate.replace('begin while', 'begin insert into things values (1); commit; while'))

const things = (database: string): Promise<string> => postgres.psql(database, 'select count(*) from things')

describe('after a run was killed in another file outside a transaction', () => {
  const refuse = async (files: Project, database: string): Promise<string[]> => {
    const looked = await check(files, 'unfinished work')
    const refused = await runIn(files, 'up dev')
    expect(refused).toMatchObject({
      exit: 4,
      stderr: expect.stringContaining(`a run died while 00002_dies.sql ran outside a transaction`),
    })
    const commands = commandsIn(refused)
    expect(commands).toHaveLength(2)
    expect(looked).toMatchObject({
      status: 'failed',
      remedy: `done: ${commands[0]}\nnot done, or undone by hand: ${commands[1]}`,
    })
    expect(await runIn(files, 'up dev')).toMatchObject({ exit: 4 })
    expect(await attempts(database)).toBe('00001 done, 00002 running')
    expect(await things(database)).toBe('1')
    return commands
  }

  const die = async (files: Project, database: string): Promise<string[]> => {
    const process = start(files)
    await eventually('a row', async () => (await things(database)) === '1' || undefined)
    await killTool(process)
    await killContainer(database)
    expect(await runIn(files, 'lock release dev')).toMatchObject({ exit: 0 })
    return refuse(files, database)
  }

  it('the next run stops, and goes on behind the file once the command for "done" was pasted', async () => {
    await using gate = await closeGate(postgres)
    using files = await project('fx_half_done', { file: halfway(gate.sql) })
    const [done] = await die(files, 'fx_half_done')
    await gate.open()
    await paste(done)
    await expectEnd(files, 'fx_half_done')
    expect(await things('fx_half_done')).toBe('1')
    expect(await attempts('fx_half_done')).toBe('00001 done, 00002 done, 00003 done')
  })

  it('the next run stops, and runs the file again once it was undone and the other command was pasted', async () => {
    await using gate = await closeGate(postgres)
    using files = await project('fx_half_undone', { file: halfway(gate.sql) })
    const [, undone] = await die(files, 'fx_half_undone')
    await gate.open()
    await postgres.psql('fx_half_undone', 'truncate things')
    await paste(undone)
    await expectEnd(files, 'fx_half_undone')
    expect(await things('fx_half_undone')).toBe('1')
    expect(await attempts('fx_half_undone')).toBe('00001 done, 00002 failed, 00002 done, 00003 done')
  })

  it('the next run stops as well when only the container was killed, and the run itself lived to tell', async () => {
    await using gate = await closeGate(postgres)
    using files = await project('fx_half_lost', { file: halfway(gate.sql) })
    const process = start(files)
    await eventually('a row', async () => (await things('fx_half_lost')) === '1' || undefined)
    await docker(['kill', ...(await containersOf('fx_half_lost'))])
    expect(await process.ended).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('the next run looks at what it did'),
    })
    const [done] = await refuse(files, 'fx_half_lost')
    await paste(done)
    await expectEnd(files, 'fx_half_lost')
    expect(await things('fx_half_lost')).toBe('1')
  })
})
