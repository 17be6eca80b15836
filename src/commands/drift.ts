import { AppError, type ExitCode, exitCodes } from '../errors.ts'
import {
  databaseOption,
  environmentArgument,
  type GlobalOptions,
  type Program,
  paintFor,
  type Wire,
  withoutRunFlags,
} from '../frame/options.ts'
import { withEnvironment } from '../frame/with-environment.ts'
import { requireShared } from '../io/shared-engine.ts'
import type { Context } from '../model/context.ts'
import type { DatabaseState } from '../model/types.ts'
import { writeDocument } from '../report/json.ts'
import { describeError } from '../report/report.ts'
import { openPresence } from '../run/presence.ts'
import { refuseFleets } from '../run/refuse-fleets.ts'
import { requireDocker } from '../run/require-docker.ts'
import { readDatabases } from '../run/world.ts'
import { loadDelta, writeSql } from '../schema/bring-back.ts'
import type { DriftDocument } from '../schema/documents.ts'
import { type DriftRequest, readDrift } from '../schema/drift.ts'
import { openBench, openLive, unlessInterrupted } from '../schema/open-bench.ts'
import { describeDifference, renderDrift } from '../schema/report.ts'
import { verbs } from './verbs.ts'

export type DriftOptions = GlobalOptions & { environment: string; db: readonly string[]; sql: boolean }

export const driftCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.drift,
    (args) =>
      withoutRunFlags(databaseOption(environmentArgument(args)))
        .option('sql', {
          type: 'boolean',
          default: false,
          describe: 'Write the statements that would bring it back; nobody runs them',
        })
        .example('$0 drift prod', '3: differences, object by object')
        .example('$0 drift qual --db calendar --json', 'one database, as a document'),
    wire(drift),
  )

type DriftedDatabase = DriftDocument['databases'][number]

/** One database that cannot be compared keeps nobody from the others. */
const compareOne = async (
  state: DatabaseState,
  request: DriftRequest,
): Promise<[DriftedDatabase, ExitCode]> => {
  const { name, database } = state.managed
  const base = { name, database, exists: state.exists, applied: 0, differences: [] }
  if (!state.exists) return [base, exitCodes.done]
  try {
    const { applied, differences, unread, sql } = await readDrift(state, request)
    const told = differences.map(describeDifference)
    const exit = told.length > 0 ? exitCodes.pending : exitCodes.done
    return [
      {
        ...base,
        applied,
        differences: told,
        ...(unread !== undefined && { unread }),
        ...(sql && { sql: [...sql] }),
      },
      exit,
    ]
  } catch (error) {
    if (!(error instanceof AppError) || request.signal.aborted) throw error
    return [{ ...base, error: describeError(error) }, error.exitCode]
  }
}

/** What could not be told at all comes before what differs. */
const exitOf = (exits: readonly ExitCode[]): ExitCode =>
  exits.find((exit) => exit !== exitCodes.done && exit !== exitCodes.pending) ??
  (exits.includes(exitCodes.pending) ? exitCodes.pending : exitCodes.done)

/** Every managed database of an environment, or the named ones, against new ones made from the files applied there. */
export const drift = (options: DriftOptions, context: Context): Promise<ExitCode> =>
  withEnvironment(options, context, async ({ config, environment, engine, report, run }) => {
    refuseFleets(environment)
    requireDocker(environment, 'drift')
    const shared = requireShared(engine)
    const delta = options.sql ? await loadDelta() : undefined
    await using _presence = await openPresence(shared)
    const databases = await readDatabases(environment, engine.server)
    const entries = await unlessInterrupted(context, async () => {
      await using bench = await openBench(
        { config, environment, engine: shared, run, report, databases },
        context,
      )
      const live = await openLive(shared, { id: run, report })
      const sql = delta && ((schemas: Parameters<typeof writeSql>[1]) => writeSql(bench, schemas, delta))
      const request = { bench, live, environment, signal: context.interrupt, sql }
      const told: [DriftedDatabase, ExitCode][] = []
      for (const state of databases) {
        report.progress(`${state.managed.database}: made anew from its files, and compared`)
        told.push(await compareOne(state, request))
      }
      return told
    })
    report.close()
    const document: DriftDocument = {
      version: 1,
      environment: environment.name,
      databases: entries.map(([entry]) => entry),
    }
    if (options.json) writeDocument(context.stdout, document)
    else context.stdout.write(renderDrift(document, paintFor(context.stdout, options, context)))
    return exitOf(entries.map(([, exit]) => exit))
  })
