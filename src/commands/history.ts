import pMap from 'p-map'
import { findManifest, hasManifest } from '../backup/manifest.ts'
import { ownerOf } from '../backup/owner.ts'
import { resolveEnvironment } from '../config/resolve.ts'
import { stateOf } from '../config/state.ts'
import { readCutoverRecords } from '../cutover/records.ts'
import { AppError, type ExitCode, exitCodes, usageError } from '../errors.ts'
import { configOf } from '../frame/config-of.ts'
import {
  databaseOption,
  environmentArgument,
  type GlobalOptions,
  type Program,
  paintFor,
  type Wire,
  withoutRunFlags,
} from '../frame/options.ts'
import { standingFlags } from '../frame/standing-flags.ts'
import { withEnvironment } from '../frame/with-environment.ts'
import { readRunRecords } from '../io/host/run-record.ts'
import { readLedger } from '../io/postgres/ledger.ts'
import type { Server } from '../io/postgres/postgres.ts'
import { readExisting } from '../io/postgres/read-database.ts'
import type { Context } from '../model/context.ts'
import { fewSessions, ownSessions } from '../model/few-sessions.ts'
import { compareOrder, interleave } from '../model/order.ts'
import type { State } from '../model/state.ts'
import type { Environment } from '../model/types.ts'
import { type HistoryDocument, type RunRecord, runRecordDocument } from '../report/documents.ts'
import { renderHistory } from '../report/history.ts'
import { writeDocument } from '../report/json.ts'
import { describeError } from '../report/report.ts'
import { toPaste } from '../report/to-paste.ts'
import { verbs } from './verbs.ts'

export type HistoryOptions = GlobalOptions & {
  environment: string
  db: readonly string[]
  limit?: number | undefined
}

/** What fits on a screen. */
const usualLimit = 20

export const historyCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.history,
    (args) =>
      withoutRunFlags(databaseOption(environmentArgument(args))).option('limit', {
        type: 'number',
        requiresArg: true,
        describe: `The newest N; 0: all. Left out: ${usualLimit}, with --json all`,
      }),
    wire(showHistory),
  )

/** One database's ledger, as the document has it. */
const readEntries = async (server: Server, database: string): Promise<HistoryDocument['entries']> =>
  (await readLedger(server, database)).map((entry) => ({
    database,
    ...entry,
    job: entry.job ?? null,
    startedAt: entry.startedAt.toISOString(),
  }))

/** The ledgers of the environment's databases, oldest first, or why they cannot be read. */
const readLedgers = async (
  options: HistoryOptions,
  context: Context,
): Promise<HistoryDocument['entries'] | AppError> => {
  try {
    return await withEnvironment(options, context, async ({ environment, engine: { server } }) => {
      const names = environment.databases.map(({ database }) => database)
      const existing = await readExisting(server, names)
      const present = names.filter((database) => existing.has(database))
      const ledgers = await pMap(present, (database) => readEntries(server, database), {
        concurrency: fewSessions - ownSessions,
      })
      return interleave(ledgers, ({ startedAt }) => startedAt)
    })
  } catch (error) {
    if (error instanceof AppError && error.exitCode === exitCodes.unreachable) return error
    throw error
  }
}

/** A release that knew no projects wrote it: ours when all that it did was done to our databases, and its backup is nobody else's. */
const isOurs = (
  { project, databases, directory }: RunRecord,
  { databases: managed }: Environment,
  state: State,
): boolean => {
  if (project !== undefined) return state.own.includes(project)
  const owner = directory === null ? undefined : ownerOf(directory, findManifest(directory), state)
  if (owner !== undefined && !state.own.includes(owner)) return false
  return databases.every((name) => managed.some(({ database }) => database === name))
}

/** Backups and restores, from the project's state; a file that is none is left out. */
const readRuns = (state: State, environment: Environment): RunRecord[] =>
  readRunRecords(state, environment.name)
    .flatMap((record) => {
      const parsed = runRecordDocument.safeParse(record)
      return parsed.success ? parsed.data : []
    })
    .filter((record) => isOurs(record, environment, state))

/** Without the directories that are no longer there. */
const asOfNow = (run: RunRecord): RunRecord => ({
  ...run,
  directory: run.directory !== null && hasManifest(run.directory) ? run.directory : null,
})

/** @throws AppError (exit 2) for what is no number of lines. */
const requireLimit = ({ limit, environment }: HistoryOptions): void => {
  if (limit === undefined || (Number.isSafeInteger(limit) && limit >= 0)) return
  throw usageError('--limit takes a whole number of lines, 0 for all.', `po-migrate history ${environment}`)
}

/** The newest of both kinds together. */
const newestOf = (document: HistoryDocument, limit: number): HistoryDocument => {
  const { entries, runs } = document
  const story = interleave<{ startedAt: string }>([entries, runs], ({ startedAt }) => startedAt)
  const newest = new Set(story.slice(-limit))
  return {
    ...document,
    entries: entries.filter((entry) => newest.has(entry)),
    runs: runs.filter((run) => newest.has(run)),
  }
}

/**
 * The ledgers of an environment's databases and the host's own records as one story, oldest first.
 * @throws AppError (exit 6) when the ledgers are out of reach; the records are shown before.
 */
const showHistory = async (options: HistoryOptions, context: Context): Promise<ExitCode> => {
  requireLimit(options)
  const config = configOf(options, context)
  const environment = resolveEnvironment(config, options.environment, options.db)
  const { name, host } = environment
  // Whose an old record is shows by all databases of the environment, also where one is asked for.
  const all = resolveEnvironment(config, name)
  const ledgers = await readLedgers(options, context)
  const unread = ledgers instanceof AppError ? ledgers : undefined
  const state = stateOf(config, host, context.env)
  const document: HistoryDocument = {
    version: 1,
    environment: name,
    entries: ledgers instanceof AppError ? [] : ledgers,
    ...(unread && { error: describeError(unread) }),
    runs: [...readRuns(state, all), ...readCutoverRecords(state, all)].sort(compareOrder).map(asOfNow),
  }
  const { limit } = options
  if (options.json) writeDocument(context.stdout, limit ? newestOf(document, limit) : document)
  else
    context.stdout.write(
      renderHistory(document, {
        limit: limit ?? usualLimit,
        paint: paintFor(context.stdout, options, context),
        command: toPaste(`po-migrate history ${name} --limit 0`, standingFlags(options, context)),
      }),
    )
  if (unread) throw unread
  return exitCodes.done
}
