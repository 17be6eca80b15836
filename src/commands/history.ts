import { stateDirectory } from '../config/state.ts'
import { type ExitCode, exitCodes } from '../errors.ts'
import { readLedger } from '../io/ledger.ts'
import type { Server } from '../io/postgres.ts'
import { readExisting } from '../io/read-database.ts'
import { readRunRecords } from '../io/run-record.ts'
import type { Context } from '../model/context.ts'
import { type HistoryDocument, type RunRecord, runRecordDocument } from '../report/documents.ts'
import { renderHistory } from '../report/history.ts'
import { writeDocument } from '../report/json.ts'
import { readCutoverRecords } from '../run/cutover-records.ts'
import {
  databaseOption,
  environmentArgument,
  type GlobalOptions,
  type Program,
  paintFor,
  type Wire,
} from './options.ts'
import { withEnvironment } from './with-environment.ts'

export type HistoryOptions = GlobalOptions & { environment: string; db: readonly string[] }

export const historyCommand = (program: Program, wire: Wire) =>
  program.command(
    'history <environment>',
    'What ran, when, by whom, how it ended',
    (args) => databaseOption(environmentArgument(args)),
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

/** Backups and restores, from the host's state directory; a file that is none is left out. */
const readRuns = (state: string, environment: string): RunRecord[] =>
  readRunRecords(state, environment).flatMap((record) => {
    const parsed = runRecordDocument.safeParse(record)
    return parsed.success ? parsed.data : []
  })

/** The ledgers of an environment's databases as one story, oldest first. */
const showHistory = (options: HistoryOptions, context: Context): Promise<ExitCode> =>
  withEnvironment(options, context, async ({ config, environment, engine }) => {
    const names = environment.databases.map(({ database }) => database)
    const existing = await readExisting(engine.server, names)
    const present = names.filter((database) => existing.has(database))
    const ledgers = await Promise.all(present.map((database) => readEntries(engine.server, database)))
    const entries = ledgers.flat().sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
    const state = stateDirectory(config, environment.host, context.env)
    const runs = [...readRuns(state, environment.name), ...readCutoverRecords(state, environment.name)]
    const document = { version: 1 as const, environment: environment.name, entries, runs }
    if (options.json) writeDocument(context.stdout, document)
    else context.stdout.write(renderHistory(document, paintFor(context.stdout, options, context)))
    return exitCodes.done
  })
