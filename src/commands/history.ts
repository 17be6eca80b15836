import { loadConfig } from '../config/load.ts'
import { resolveEnvironment } from '../config/resolve.ts'
import { type ExitCode, exitCodes } from '../errors.ts'
import { readLedger } from '../io/ledger.ts'
import { readExisting } from '../io/read-database.ts'
import type { Context } from '../model/context.ts'
import { renderHistory } from '../report/history.ts'
import { writeDocument } from '../report/json.ts'
import { openEngine } from '../run/open-engine.ts'
import { placeOf, requireHere } from '../run/place.ts'
import { makeRunId } from '../run/run-id.ts'
import {
  databaseOption,
  environmentArgument,
  type GlobalOptions,
  type Program,
  paintFor,
  reportFor,
  type Wire,
} from './options.ts'

export type HistoryOptions = GlobalOptions & { environment: string; db: readonly string[] }

export const historyCommand = (program: Program, wire: Wire) =>
  program.command(
    'history <environment>',
    'What ran, when, by whom, how it ended',
    (args) => databaseOption(environmentArgument(args)),
    wire(showHistory),
  )

/** The ledgers of an environment's databases as one story, oldest first. */
const showHistory = async (options: HistoryOptions, context: Context): Promise<ExitCode> => {
  const config = loadConfig({ file: options.config, cwd: context.cwd, env: context.env })
  const environment = resolveEnvironment(config, options.environment, options.db)
  await requireHere(
    placeOf(environment),
    { here: options.here, command: `history ${environment.name}` },
    context,
  )
  const report = reportFor({ ...options, json: false }, context)
  await using engine = await openEngine({ config, environment, run: makeRunId(new Date()), report }, context)
  const names = environment.databases.map(({ database }) => database)
  const existing = await readExisting(engine.server, names)
  const ledgers = await Promise.all(
    names
      .filter((database) => existing.has(database))
      .map(async (database) =>
        (await readLedger(engine.server, database)).map((entry) => ({
          database,
          ...entry,
          job: entry.job ?? null,
          startedAt: entry.startedAt.toISOString(),
        })),
      ),
  )
  const entries = ledgers.flat().sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
  const document = { version: 1 as const, environment: environment.name, entries }
  if (options.json) writeDocument(context.stdout, document)
  else context.stdout.write(renderHistory(document, paintFor(context.stdout, options, context)))
  return exitCodes.done
}
