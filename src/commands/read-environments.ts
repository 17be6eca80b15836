import pMap from 'p-map'
import type { Argv } from 'yargs'
import type { Config } from '../config/load.ts'
import { resolveEnvironment } from '../config/resolve.ts'
import { stateOf } from '../config/state.ts'
import { AppError, type ExitCode, exitCodes } from '../errors.ts'
import { configOf } from '../frame/config-of.ts'
import { type GlobalOptions, reportFor } from '../frame/options.ts'
import type { Engine } from '../io/engine.ts'
import type { Server } from '../io/postgres/postgres.ts'
import { obstacleError } from '../io/postgres/read-database.ts'
import type { Context } from '../model/context.ts'
import { fewSessions } from '../model/few-sessions.ts'
import { history, isUnapplied } from '../model/history.ts'
import type { DatabaseState, Environment } from '../model/types.ts'
import { runsHere } from '../remote/place.ts'
import { type Entry, type Reading, readElsewhere } from '../remote/status.ts'
import type { StatusDocument } from '../report/documents.ts'
import { describeError, type Report } from '../report/report.ts'
import { openEnvironment } from '../run/open-environment.ts'
import { makeRunId } from '../run/run-id.ts'
import { readDatabases } from '../run/world.ts'

type DatabaseStatus = StatusDocument['environments'][number]['databases'][number]

/** The environments of a verb that reads several. */
export const environmentsArgument = <T>(yargs: Argv<T>) =>
  yargs.positional('environments', {
    type: 'string',
    array: true,
    default: [] as string[],
    describe: 'All of them when left out',
  })

export const describeDatabase = (state: DatabaseState): DatabaseStatus => {
  const { managed, exists, obstacle, files, applied, checksums } = state
  const { name, database, member } = managed
  const base = { name, ...(member && { fleet: member.fleet }), database, exists }
  if (obstacle) {
    const error = describeError(obstacleError(obstacle))
    return { ...base, error, applied: 0, pending: 0, migrations: [] }
  }
  const migrations = history(files, applied, checksums)
  const pending = migrations.filter(isUnapplied).length
  return { ...base, applied: applied.length, pending, migrations }
}

/** An environment whose databases were read, while its server is at hand. */
export type ReadServer = {
  config: Config
  environment: Environment
  engine: Engine
  run: string
  report: Report
  databases: readonly DatabaseState[]
}

type ReadOptions<D> = {
  config: Config
  report: Report
  describe: (state: DatabaseState, server: Server) => Promise<D>
  /** More about all of them than one at a time can tell; environments are read one after the other then. */
  complete?: ((described: D[], read: ReadServer, context: Context) => Promise<D[]>) | undefined
}

const readEnvironment = async <D>(
  environment: Environment,
  { config, report, describe, complete }: ReadOptions<D>,
  context: Context,
): Promise<Entry<D>> => {
  const { name, host, network, server: address } = environment
  const place = { host: host.name, network, ...(address && { server: address }) }
  const document = { environment: name, ...place, databases: [] }
  try {
    const run = makeRunId(new Date())
    await using opened = await openEnvironment({ config, environment, run, report }, context)
    const { engine } = opened
    const { server } = engine
    const databases = await readDatabases(opened.environment, server)
    const described = await pMap(databases, (state) => describe(state, server), {
      concurrency: fewSessions,
    })
    const read = { config, environment: opened.environment, engine, run, report, databases }
    const whole = complete ? await complete(described, read, context) : described
    return { document: { ...document, databases: whole } }
  } catch (error) {
    if (!(error instanceof AppError) || context.interrupt.aborted) throw error
    return { document: { ...document, error: describeError(error) }, exit: error.exitCode }
  }
}

export type Read<D> = Reading<D> & Pick<ReadOptions<D>, 'describe' | 'complete'>

/** Reads the named environments, or all, here and on other machines; in the order in which they were named. */
export const readEnvironments = async <D>(
  options: GlobalOptions & { environments: readonly string[]; db?: readonly string[] },
  { describe, complete, ...reading }: Read<D>,
  context: Context,
): Promise<Entry<D>[]> => {
  const config = configOf(options, context)
  const names = options.environments.length > 0 ? options.environments : Object.keys(config.environments)
  const environments = names.map((name) => resolveEnvironment(config, name, options.db))
  const report = reportFor({ ...options, json: false }, context)
  const here = environments.filter(({ host }) => runsHere(host, options.here, context))
  for (const { host } of here) stateOf(config, host, context.env)
  const there = environments.filter((environment) => !here.includes(environment))
  // Embedded servers share this process: those that start at once keep each other's sessions waiting too long.
  const alone = complete !== undefined || here.some(({ engine }) => engine === 'embedded')
  const concurrency = alone ? 1 : here.length || 1
  const [near, far] = await Promise.all([
    pMap(here, (each) => readEnvironment(each, { config, report, describe, complete }, context), {
      concurrency,
    }),
    readElsewhere(there, { config, options, reading }, context),
  ])
  return [...near, ...far].sort(
    (a, b) => names.indexOf(a.document.environment) - names.indexOf(b.document.environment),
  )
}

type Told = Pick<DatabaseStatus, 'pending' | 'error'>

/** 6 where one of several is out of reach, 4 where a database is in no state to be read, 3 where pending counts. */
export const exitOf = (entries: readonly Entry<Told>[], pendingCounts: boolean): ExitCode => {
  const failed = entries.find(({ exit }) => exit !== undefined)
  if (failed?.exit) return entries.length > 1 ? exitCodes.unreachable : failed.exit
  if (entries.some(({ document }) => document.databases.some(({ error }) => error))) return exitCodes.refused
  const pending = entries.some(({ document }) => document.databases.some((database) => database.pending > 0))
  return pendingCounts && pending ? exitCodes.pending : exitCodes.done
}
