import { describe, expect, it, vi } from 'vitest'
import { docker, eventually } from '../support/engine/docker.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { readEvents } from '../support/tool/events.ts'
import { startTool, type ToolProcess } from '../support/tool/process.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'
import { runIn } from '../support/tool/tool.ts'

vi.setConfig({ testTimeout: 180_000 })

/** One that is killed and started again under a run, so that no other file uses it. */
const postgres = usePostgres()

const members = (prefix: string): string[] => Array.from({ length: 12 }, (_, index) => `${prefix}_${index}`)

/** Twelve databases with a table; the canary's second file is done at once, that of each other one takes a while. */
const inWave = async (prefix: string): Promise<Project> => {
  const made = makeProject({
    network: postgres.network,
    store: { tenant: { '00001_a.sql': migration('create table a (id int);') } },
    state: 'state',
    edit: (config) => {
      config.databases = {
        tenants: {
          directory: 'migrations/tenant',
          from: { list: members(prefix) },
          create: true,
          rollout: { canary: 1, wave: 6, max_failures: 6 },
        },
      }
    },
  })
  expect(await runIn(made, 'up dev')).toMatchObject({ exit: 0 })
  const wait = `select pg_sleep(case when current_database() = '${prefix}_0' then 0 else 1.5 end);`
  made.migrations({ tenant: { '00002_b.sql': migration(`insert into a values (1);\n${wait}`) } })
  return made
}

const ask = (sql: string): Promise<string> => postgres.psql('postgres', sql)

const running = async (prefix: string): Promise<number> =>
  Number(
    await ask(
      `select count(*) from pg_stat_activity where datname ~ '^${prefix}_' and query ~ 'pg_sleep' and application_name ~ ' dbmate$'`,
    ),
  )

/** At four files of a wave, some of which may be about to end. */
const midWave = async (made: Project, prefix: string): Promise<ToolProcess> => {
  const tool = startTool(['up', 'dev', '--jobs', '4', '--json'], { cwd: made.directory })
  await eventually('four files side by side', async () => (await running(prefix)) === 4 || undefined)
  return tool
}

const rows = async (names: readonly string[]): Promise<string[]> => {
  const found: string[] = []
  for (const name of names) found.push(await postgres.psql(name, 'select count(*) from a'))
  return found
}

/** What was said of each database is what it holds; then the same command goes on, and each file has run once. */
const endsRight = async (made: Project, prefix: string, said?: ReturnType<typeof readEvents>) => {
  const names = members(prefix)
  for (const { database, status, changed, unknown = [] } of said?.finished.databases ?? []) {
    const isThere = (await postgres.versions(database)).includes('00002')
    if (unknown.length === 0)
      expect({ database, status, changed: isThere }).toEqual({
        database,
        status,
        changed: changed.includes('00002'),
      })
  }
  const next = await runIn(made, 'up dev --jobs 4')
  expect({ exit: next.exit, stderr: next.exit === 0 ? '' : next.stderr }).toEqual({ exit: 0, stderr: '' })
  expect(await rows(names)).toEqual(names.map(() => '1'))
  expect(await docker(['ps', '-aq', '--filter', `label=po-migrate.databases=${names.join(',')}`])).toBe('')
}

describe('in the middle of a wave', () => {
  it('the server crashes and comes back: what is said is so, and the next run goes on with what is left', async () => {
    using made = await inWave('crash')
    const tool = await midWave(made, 'crash')
    // The server ends all backends with the one that died, and recovers by itself.
    const pid = await ask("select min(pid) from pg_stat_activity where application_name ~ ' dbmate$'")
    await docker(['exec', postgres.container, 'sh', '-c', `kill -9 ${pid}`])
    const said = readEvents(await tool.ended)
    expect(said.finished.exit).toBe(1)
    await endsRight(made, 'crash', said)
  })

  it('the container of the server is restarted: the same', async () => {
    using made = await inWave('restart')
    const tool = await midWave(made, 'restart')
    await docker(['restart', '--time', '0', postgres.container])
    const said = readEvents(await tool.ended)
    expect(said.finished.exit).toBe(1)
    expect(said.finished.databases.map(({ status }) => status)).toContain('failed')
    await eventually('Postgres to answer', () => ask('select 1').catch(() => undefined))
    await endsRight(made, 'restart', said)
  })

  it('the run is killed: the next one settles each that was under way', async () => {
    using made = await inWave('killed')
    const tool = await midWave(made, 'killed')
    tool.child.kill('SIGKILL')
    await tool.ended
    await endsRight(made, 'killed')
  })

  it('two signals end what runs: what is said is so', async () => {
    using made = await inWave('ended')
    const tool = await midWave(made, 'ended')
    tool.child.kill('SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 1100))
    tool.child.kill('SIGINT')
    const said = readEvents(await tool.ended)
    expect(said.finished.exit).toBe(130)
    await endsRight(made, 'ended', said)
  })
})
