import { resolve } from 'node:path'
import { AppError, type ExitCode, exitCodes, usageError } from '../errors.ts'
import { configOf } from '../frame/config-of.ts'
import {
  type GlobalOptions,
  lastOf,
  type Program,
  paintFor,
  type Wire,
  withoutRunFlags,
} from '../frame/options.ts'
import { makeRoomFor, writeWhole } from '../io/host/write-whole.ts'
import { readLedger } from '../io/postgres/ledger.ts'
import type { Server } from '../io/postgres/postgres.ts'
import { readTables } from '../io/postgres/read-tables.ts'
import type { Context } from '../model/context.ts'
import type { DatabaseState } from '../model/types.ts'
import { type PageDatabase, type ReportDocument, reportDocument } from '../page/document.ts'
import { writeDocument } from '../report/json.ts'
import { plural } from '../report/render.ts'
import { describeError } from '../report/report.ts'
import { renderProblems } from '../report/status-matrix.ts'
import { toolVersion } from '../version.ts'
import { addDrift } from './add-drift.ts'
import { describeDatabase, environmentsArgument, exitOf, readEnvironments } from './read-environments.ts'
import { verbs } from './verbs.ts'

export type ReportOptions = GlobalOptions & {
  environments: readonly string[]
  out?: string | undefined
  drift: boolean
}

const defaultFile = 'po-migrate-report.html'

export const reportCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.report,
    (args) =>
      environmentsArgument(withoutRunFlags(args))
        .option('out', {
          type: 'string',
          requiresArg: true,
          coerce: lastOf,
          describe: `Where the page goes, - for stdout (default: ${defaultFile})`,
        })
        .option('drift', {
          type: 'boolean',
          default: false,
          describe: 'Also how each live schema differs from what is applied; starts a scratch server',
        }),
    wire(report),
  )

const nothing = { ledger: [], tables: [] }

/** What the page tells of a database beyond its status. What Postgres refuses is told in its place. */
const describeWhole = async (state: DatabaseState, server: Server): Promise<PageDatabase> => {
  const status = describeDatabase(state)
  if (!state.exists || state.obstacle) return { ...status, ...nothing }
  try {
    const [ledger, tables] = await Promise.all([
      readLedger(server, state.managed.database),
      readTables(server, state.managed),
    ])
    const lines = ledger.map((entry) => ({
      ...entry,
      job: entry.job ?? null,
      startedAt: entry.startedAt.toISOString(),
    }))
    return { ...status, ledger: lines, tables: tables as PageDatabase['tables'] }
  } catch (error) {
    if (!(error instanceof AppError) || error.exitCode !== exitCodes.refused) throw error
    return { ...status, ...nothing, error: describeError(error) }
  }
}

const readingWith = ({ drift }: ReportOptions) => ({
  verb: 'report',
  parse: (document: unknown) => reportDocument.parse(document),
  describe: describeWhole,
  ...(drift && { complete: addDrift, flags: ['--drift'] }),
})

/** @throws AppError (exit 2): an old page stays as it is. */
const onDisk = (path: string, act: () => void): void => {
  try {
    act()
  } catch (error) {
    throw usageError(`Cannot write ${path}: ${(error as Error).message}.`, 'po-migrate report --out FILE')
  }
}

const writePage = async (document: ReportDocument, out: string, context: Context): Promise<void> => {
  // The page and its layout are loaded for this verb only.
  const { renderPage } = await import('../page/page.ts')
  const page = renderPage(document, toolVersion())
  const path = resolve(context.cwd, out)
  if (out === '-') context.stdout.write(page)
  else onDisk(path, () => writeWhole(path, page, context.pid))
}

const summarise = ({ environments }: ReportDocument, out: string): string => {
  const read = environments.filter(({ error }) => !error)
  const databases = read.flatMap((environment) => environment.databases)
  const pending = databases.reduce((sum, database) => sum + database.pending, 0)
  const drifted = databases.filter(({ drift }) => drift && drift.differences.length > 0).length
  const asked = databases.some(({ drift }) => drift) ? `, ${drifted} drifted` : ''
  return `${out}: ${plural(read.length, 'environment')}, ${plural(databases.length, 'database')}, ${pending} pending${asked}\n`
}

/** The state of all environments as one page; it is written in any case, and tells what could not be read. */
const report = async (options: ReportOptions, context: Context): Promise<ExitCode> => {
  const { json } = options
  const out = options.out ?? (json ? undefined : defaultFile)
  if (json && out === '-')
    throw usageError('Both --json and --out - want stdout.', 'po-migrate report --json')
  const path = resolve(context.cwd, out ?? '')
  if (out !== undefined && out !== '-') onDisk(path, () => makeRoomFor(path))
  const config = configOf(options, context)
  const entries = await readEnvironments(options, readingWith(options), context)
  const document: ReportDocument = {
    version: 1,
    project: config.project ?? null,
    at: new Date().toISOString(),
    environments: entries.map((entry) => entry.document),
  }
  if (json) writeDocument(context.stdout, document)
  if (out !== undefined) await writePage(document, out, context)
  if (!json)
    context.stderr.write(renderProblems(document.environments, paintFor(context.stderr, options, context)))
  if (!json && out !== '-') context.stdout.write(summarise(document, out ?? ''))
  return exitOf(entries, false)
}
