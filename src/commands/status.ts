import { type Config, loadConfig } from '../config/load.ts'
import { resolveEnvironment } from '../config/resolve.ts'
import { AppError, type ExitCode, exitCodes } from '../errors.ts'
import type { Context } from '../model/context.ts'
import { history, isUnapplied } from '../model/history.ts'
import type { DatabaseState, Environment } from '../model/types.ts'
import type { StatusDocument } from '../report/documents.ts'
import { writeDocument } from '../report/json.ts'
import { describeError, type Report } from '../report/report.ts'
import { renderStatus } from '../report/status.ts'
import { openEngine } from '../run/open-engine.ts'
import { placeOf, requireHere } from '../run/place.ts'
import { makeRunId } from '../run/run-id.ts'
import { readDatabases } from '../run/world.ts'
import {
  exitCodeOption,
  type GlobalOptions,
  type Program,
  paintFor,
  reportFor,
  type Wire,
} from './options.ts'

export type StatusOptions = GlobalOptions & { environments: readonly string[]; exitCode: boolean }

export const statusCommand = (program: Program, wire: Wire) =>
  program.command(
    'status [environments..]',
    'The state of every migration in every database',
    (args) =>
      exitCodeOption(args).positional('environments', {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'All of them when left out',
      }),
    wire(status),
  )

type Entry = { document: StatusDocument['environments'][number]; error?: AppError }

const describeDatabase = ({ managed, exists, files, applied, checksums }: DatabaseState) => {
  const migrations = history(files, applied, checksums)
  return {
    name: managed.name,
    database: managed.database,
    exists,
    applied: applied.length,
    pending: migrations.filter(isUnapplied).length,
    migrations,
  }
}

type ReadOptions = { config: Config; options: StatusOptions; report: Report; context: Context }

const readEnvironment = async (
  environment: Environment,
  { config, options, report, context }: ReadOptions,
): Promise<Entry> => {
  const { name, host, network } = environment
  const document = { environment: name, host: host.name, network, databases: [] }
  try {
    await requireHere(placeOf(environment), { here: options.here, command: `status ${name}` }, context)
    await using engine = await openEngine(
      { config, environment, run: makeRunId(new Date()), report },
      context,
    )
    const databases = await readDatabases(environment, engine.server)
    return { document: { ...document, databases: databases.map(describeDatabase) } }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { document: { ...document, error: describeError(error) }, error }
  }
}

const exitOf = (entries: readonly Entry[], pendingCounts: boolean): ExitCode => {
  const [failed] = entries.flatMap(({ error }) => error ?? [])
  if (failed) return entries.length > 1 ? exitCodes.unreachable : failed.exitCode
  const pending = entries.some(({ document }) => document.databases.some((database) => database.pending > 0))
  return pendingCounts && pending ? exitCodes.pending : exitCodes.done
}

/** The state of every migration in every database of the named environments, or of all. */
export const status = async (options: StatusOptions, context: Context): Promise<ExitCode> => {
  const config = loadConfig({ file: options.config, cwd: context.cwd, env: context.env })
  const names = options.environments.length > 0 ? options.environments : Object.keys(config.environments)
  const environments = names.map((name) => resolveEnvironment(config, name))
  const report = reportFor({ ...options, json: false }, context)
  const entries = await Promise.all(
    environments.map((environment) => readEnvironment(environment, { config, options, report, context })),
  )
  const document = { version: 1 as const, environments: entries.map((entry) => entry.document) }
  if (options.json) writeDocument(context.stdout, document)
  else context.stdout.write(renderStatus(document, paintFor(context.stdout, options, context)))
  return exitOf(entries, options.exitCode)
}
