import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { eventually, run } from '../engine/docker.ts'
import { type Fault, type FaultName, faults } from './kinds.ts'
import { type Moment, type MomentName, moments } from './moments.ts'
import { describeEnd, type Ended, failureOf, startTool } from './run.ts'
import { type FaultWorld, files, makeContainerWorld } from './world.ts'

/** The longest that a run may take after a fault, with its wait for the lock (60 s) and for Postgres (20 s). */
const longest = 150_000
const mostRuns = 5

const undoByHand = "delete from half where not exists (select from applied_once where file = '00004')"

/** The command behind the arrow that fits what is there, as a person would choose it. */
const chooseRepairs = async (world: FaultWorld, details: readonly string[]): Promise<string[]> => {
  const { first } = world.databases
  const unclear = details.some((line) => line.includes('not done, or undone by hand: →'))
  const work = unclear && (await world.psql(first, "select 1 from applied_once where file = '00004'"))
  if (unclear && !work) await world.psql(first, undoByHand)
  return details.flatMap((line) => {
    const [words = '', command] = line.split('→ ')
    if (command === undefined) return []
    const alternative = /^\s*(not done|done)/.exec(words)?.[1]
    return !alternative || (alternative === 'done') === Boolean(work) ? [command] : []
  })
}

const repair = async (world: FaultWorld, ended: Ended): Promise<number> => {
  const commands = await chooseRepairs(world, failureOf(ended)?.details ?? [])
  expect(commands, describeEnd(ended)).not.toEqual([])
  for (const command of commands) {
    const pasted = await world.paste(command)
    expect(pasted, `${command}\n${pasted.stderr}`).toMatchObject({ exit: 0 })
  }
  return commands.length
}

/** A file outside a transaction that Postgres refused: the message says that a part may stay done, and a person looks. */
const tidyAfter = async (world: FaultWorld, ended: Ended): Promise<void> => {
  const told = describeEnd(ended)
  if (told.includes('may stay done') && told.includes('00004'))
    await world.psql(world.databases.first, undoByHand)
}

/** Runs until everything is applied, with the printed repairs in between. */
const finish = async (world: FaultWorld, command: readonly string[]): Promise<number> => {
  let repairs = 0
  for (let runs = 1; runs <= mostRuns; runs++) {
    const ended = await startTool(world, command).ended(longest)
    if (ended.exit === 0) return repairs
    expect(ended.exit, describeEnd(ended)).toBe(4)
    repairs += await repair(world, ended)
  }
  throw new Error(`${mostRuns} runs, and still not done`)
}

const expectSensible = (ended: Ended): void => {
  const told = describeEnd(ended)
  expect([0, 1, 6], told).toContain(ended.exit)
  expect(told).not.toMatch(/Unexpected|undefined|\[object|at .*\.mjs:/)
  if (ended.exit !== 0) expect(failureOf(ended)?.message.length ?? 0, told).toBeGreaterThan(10)
  const touched = ended.events.some(
    (event) => event.event === 'step.finished' && event.status === 'done' && event.kind !== 'pull-image',
  )
  if (ended.exit === 6) expect(touched, `exit 6 says that nothing was touched; ${told}`).toBe(false)
}

const expectApplied = async (world: FaultWorld): Promise<void> => {
  for (const which of ['first', 'second'] as const) {
    const database = world.databases[which]
    const expected = files[which].filter((version) => version !== '00003').join(' ')
    const rows = await world.psql(database, "select string_agg(file, ' ' order by file) from applied_once")
    expect(rows, `applied_once of ${which}`).toBe(expected)
    const versions = "select string_agg(version, ' ' order by version) from schema_migrations"
    expect(await world.psql(database, versions)).toBe(files[which].join(' '))
    const running = "select count(*) from po_migrate.ledger where outcome = 'running'"
    expect(await world.psql(database, running), `ledger of ${which}`).toBe('0')
    const ended =
      "select string_agg(version, ' ' order by version) from po_migrate.ledger where outcome = 'done'"
    expect(await world.psql(database, ended), `done in the ledger of ${which}`).toBe(files[which].join(' '))
  }
  const { first } = world.databases
  expect(await world.psql(first, "select string_agg(file, ' ') from half")).toBe('00004')
  const index =
    "select count(*) filter (where indisvalid), count(*) from pg_index where indrelid = 'words'::regclass"
  expect(await world.psql(first, index)).toBe('1|1')
}

/** Sessions whose client could not say goodbye are ended by the server's keep-alive, within half a minute. */
const expectNothingLeft = async (world: FaultWorld): Promise<void> => {
  expect(await world.leftovers(), 'left by a run').toBe('')
  const sql = `select count(*) from pg_stat_activity where application_name ~ '^[0-9]{8}T'`
  await eventually(
    'the backends to be gone',
    async () => (await world.psql('postgres', sql)) === '0' || undefined,
    40_000,
  )
  expect(await world.psql('postgres', "select count(*) from pg_locks where locktype = 'advisory'")).toBe('0')
  expect((await run('flock', ['--nonblock', world.hostLock, 'true'])).exit, 'host lock').toBe(0)
}

const expectNothingPending = async (world: FaultWorld): Promise<void> => {
  const options = { cwd: world.project.directory, env: world.env }
  const bundle = join(import.meta.dirname, '../../../dist/po-migrate.cjs')
  const status = await run(process.execPath, [bundle, 'status', 'dev', '--exit-code', '--json'], options)
  expect(status.exit, status.stderr).toBe(0)
  const [environment] = JSON.parse(status.stdout).environments
  expect(environment.databases.map(({ pending }: { pending: number }) => pending)).toEqual([0, 0])
}

type Cell<World extends FaultWorld> = {
  fault: Fault<World>
  moment: Moment
  command: readonly string[]
  /** Of the line in the report: what struck, and where. */
  title: readonly string[]
}

/** Strikes, brings the world back, migrates on, and looks for anything that is not as it should be. */
const play = async <World extends FaultWorld>(world: World, cell: Cell<World>): Promise<void> => {
  const { fault, moment, command, title } = cell
  const since = Date.now()
  const release = await moment.prepare?.(world)
  const tool = startTool(world, command)
  await moment.reached(tool, world)
  const heal = await fault.strike(world, tool)
  await release?.()
  const ended = await tool.ended(longest)
  const took = Date.now() - since
  await heal()
  if (ended.signal !== 'SIGKILL') expectSensible(ended)
  await tidyAfter(world, ended)
  const repairs = await finish(world, command)
  await expectApplied(world)
  await expectNothingLeft(world)
  await expectNothingPending(world)
  const report = process.env.PO_FAULT_REPORT
  const line = [...title, took, repairs, describeEnd(ended).replaceAll(/\s+/g, ' ')]
  if (report) appendFileSync(report, `${line.join('\t')}\n`)
}

const upDev = ['up', 'dev', '--json']

/** One fault at one moment, on a Postgres of its own. */
export const strikeAndRecover = async (
  faultName: FaultName,
  momentName: MomentName,
  flags: readonly string[] = [],
): Promise<void> => {
  const fault: Fault = faults[faultName]
  await using world = await makeContainerWorld(fault.smallDisk ?? false)
  const title = [faultName, momentName, flags.join(' ')]
  await play(world, { fault, moment: moments[momentName], command: [...upDev, ...flags], title })
}

/** Faults that need nothing of an engine but that the tool asks it. */
export type KillName = 'SIGKILL of the orchestrator' | 'SIGKILL of the dbmate container'

/** One of them in a world that others may have used; `where` is told in the report. */
export const killAndRecover = (
  world: FaultWorld,
  { kill, moment, where }: { kill: KillName; moment: MomentName; where: string },
): Promise<void> =>
  play(world, {
    ...{ fault: faults[kill], moment: moments[moment] },
    ...{ command: upDev, title: [kill, moment, where] },
  })
