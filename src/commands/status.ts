import type { Config } from '../config/load.ts'
import { resolveEnvironment } from '../config/resolve.ts'
import { stateOf } from '../config/state.ts'
import { AppError, type ExitCode, exitCodes } from '../errors.ts'
import { configOf } from '../frame/config-of.ts'
import {
  exitCodeOption,
  type GlobalOptions,
  type Program,
  paintFor,
  reportFor,
  type Wire,
  withoutRunFlags,
} from '../frame/options.ts'
import { obstacleError } from '../io/postgres/read-database.ts'
import type { Context } from '../model/context.ts'
import { history, isUnapplied } from '../model/history.ts'
import type { DatabaseState, Environment } from '../model/types.ts'
import { runsHere } from '../remote/place.ts'
import { type Entry, readElsewhere } from '../remote/status.ts'
import { writeDocument } from '../report/json.ts'
import { describeError, type Report } from '../report/report.ts'
import { renderStatus } from '../report/status.ts'
import { openEngine } from '../run/open-engine.ts'
import { makeRunId } from '../run/run-id.ts'
import { readDatabases } from '../run/world.ts'

export type StatusOptions = GlobalOptions & { environments: readonly string[]; exitCode: boolean }

export const statusCommand = (program: Program, wire: Wire) =>
  program.command(
    'status [environments..]',
    'The state of every migration in every database',
    (args) =>
      exitCodeOption(withoutRunFlags(args)).positional('environments', {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'All of them when left out',
      }),
    wire(status),
  )

const describeDatabase = ({ managed, exists, obstacle, files, applied, checksums }: DatabaseState) => {
  const { name, database } = managed
  if (obstacle) {
    const error = describeError(obstacleError(obstacle))
    return { name, database, exists, error, applied: 0, pending: 0, migrations: [] }
  }
  const migrations = history(files, applied, checksums)
  return {
    name,
    database,
    exists,
    applied: applied.length,
    pending: migrations.filter(isUnapplied).length,
    migrations,
  }
}

type ReadOptions = { config: Config; report: Report; context: Context }

const readEnvironment = async (
  environment: Environment,
  { config, report, context }: ReadOptions,
): Promise<Entry> => {
  const { name, host, network, server } = environment
  const place = { host: host.name, network, ...(server && { server }) }
  const document = { environment: name, ...place, databases: [] }
  try {
    await using engine = await openEngine(
      { config, environment, run: makeRunId(new Date()), report },
      context,
    )
    const databases = await readDatabases(environment, engine.server)
    return { document: { ...document, databases: databases.map(describeDatabase) } }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { document: { ...document, error: describeError(error) }, exit: error.exitCode }
  }
}

const exitOf = (entries: readonly Entry[], pendingCounts: boolean): ExitCode => {
  const failed = entries.find(({ exit }) => exit !== undefined)
  if (failed?.exit) return entries.length > 1 ? exitCodes.unreachable : failed.exit
  if (entries.some(({ document }) => document.databases.some(({ error }) => error))) return exitCodes.refused
  const pending = entries.some(({ document }) => document.databases.some((database) => database.pending > 0))
  return pendingCounts && pending ? exitCodes.pending : exitCodes.done
}

/** The state of every migration in every database of the named environments, or of all. */
export const status = async (options: StatusOptions, context: Context): Promise<ExitCode> => {
  const config = configOf(options, context)
  const names = options.environments.length > 0 ? options.environments : Object.keys(config.environments)
  const environments = names.map((name) => resolveEnvironment(config, name))
  const report = reportFor({ ...options, json: false }, context)
  const here = environments.filter(({ host }) => runsHere(host, options.here, context))
  for (const { host } of here) stateOf(config, host, context.env)
  const there = environments.filter((environment) => !here.includes(environment))
  const [near, far] = await Promise.all([
    Promise.all(here.map((environment) => readEnvironment(environment, { config, report, context }))),
    readElsewhere(there, { config, options }, context),
  ])
  const entries = [...near, ...far].sort(
    (a, b) => names.indexOf(a.document.environment) - names.indexOf(b.document.environment),
  )
  const document = { version: 1 as const, environments: entries.map((entry) => entry.document) }
  if (options.json) writeDocument(context.stdout, document)
  else context.stdout.write(renderStatus(document, paintFor(context.stdout, options, context)))
  return exitOf(entries, options.exitCode)
}
