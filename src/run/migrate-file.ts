import { AppError, amend, asTouched, exitCodes } from '../errors.ts'
import type { DbmateResult } from '../io/dbmate/dbmate.ts'
import { askAgain } from '../io/postgres/ask-again.ts'
import { beginAttempt, endAttempt, removeAttempts } from '../io/postgres/ledger-attempts.ts'
import { parseDbmateError } from '../model/dbmate-error.ts'
import type { Provenance } from '../model/ledger.ts'
import { sectionOf } from '../model/migration.ts'
import type { Migration } from '../model/types.ts'
import type { Applied, PlacedDatabase } from './applied.ts'
import { type AttemptOptions, type AttemptResult, attempt, isFull } from './attempt.ts'
import { explainFailure, type FailedAttempt } from './explain-failure.ts'
import { handOver } from './hand-over.ts'
import { noSession } from './no-session.ts'
import type { RowAhead } from './row-ahead.ts'

type Ended = FailedAttempt & Pick<MigrateFileOptions, 'managed' | 'applied'>

const didWhat = ({ direction }: Pick<AttemptOptions, 'direction'>): string =>
  direction === 'up' ? 'applied' : 'rolled back'

/** Postgres stays away: what became of the file is told by whoever can ask it later. */
const notKnown = (ended: FailedAttempt, cause: AppError): AppError => {
  const { managed, migration, environment, result } = ended
  const said = result.exitCode === 0 ? `dbmate reported ${migration.file} as done` : result.output.trim()
  return new AppError(
    `${managed.database}: whether ${migration.file} was ${didWhat(ended)} is not known: Postgres cannot be asked.`,
    {
      exitCode: exitCodes.failed,
      touched: true,
      work: 'unknown',
      details: [...(said ? [said] : []), cause.message, 'The next run settles its row in the ledger.'],
      hint: `po-migrate status ${environment}`,
      cause,
    },
  )
}

/** Whether the table of versions says what this direction wants. @throws AppError (exit 1) when that cannot be had. */
const isRecorded = async (ended: Ended): Promise<boolean> => {
  const { managed, migration, direction, applied } = ended
  try {
    const found = await askAgain(() => applied.read(managed))
    return found.has(migration.version) === (direction === 'up')
  } catch (error) {
    if (!(error instanceof AppError) || error.exitCode !== exitCodes.unreachable) throw error
    throw notKnown(ended, error)
  }
}

/** dbmate is gone, and its backend may still work: end it, then see what the table of versions says. */
const judgeLost = async (ended: Ended): Promise<void> => {
  const { engine, managed, migration, direction, result } = ended
  await engine.cancel(managed.database).catch(() => {})
  if (await isRecorded(ended)) return
  const { file } = migration
  const what = direction === 'up' ? `${file} was not recorded` : `${file} is still recorded`
  throw new AppError(`${managed.database}: ${file}: dbmate ended before it answered.`, {
    exitCode: exitCodes.failed,
    details: [
      ...(result.output.trim() ? [result.output.trim()] : []),
      sectionOf(migration, direction).transaction
        ? `${what}, so Postgres rolled the transaction back.`
        : `${what}; the next run looks at what it did before it goes on.`,
    ],
  })
}

/** A file that failed may stand there as applied all the same: an earlier one that shared its call wrote the row. */
const withStrange = async ({ managed, applied }: Ended, failure: AppError): Promise<AppError> => {
  const strange = await askAgain(() => applied.tellStrange(managed)).catch(() => [])
  return strange.length === 0 ? failure : amend(failure, { details: [...failure.details, ...strange] })
}

const judge = async (ended: Ended): Promise<void> => {
  const { managed, migration, direction, result } = ended
  if (result.exitCode === null) return judgeLost(ended)
  // A connection may break after the commit and before its answer.
  if (result.exitCode !== 0 && isCut(result) && (await isRecorded(ended))) return
  if (result.exitCode !== 0) throw await withStrange(ended, await explainFailure(ended))
  if (await isRecorded(ended)) return
  const did = direction === 'up' ? 'did not record' : 'still records'
  throw new AppError(`${managed.database}: dbmate reported success, but ${did} ${migration.file}.`, {
    exitCode: exitCodes.failed,
    details: result.output.trim() ? [result.output.trim()] : [],
  })
}

/** dbmate is gone, or Postgres is: what Postgres refused has a SQLSTATE. */
const isUnanswered = ({ exitCode, output }: DbmateResult): boolean =>
  exitCode === null || (exitCode !== 0 && parseDbmateError(output).sqlState === undefined)

const sessionEnded = /^(?:57P|08|25P0[34])/

/** Also where Postgres said that it ends the session: by an administrator, a failover, a crash (57P, 08), for its time (25P0x). */
export const isCut = (result: DbmateResult): boolean =>
  isUnanswered(result) || sessionEnded.test(parseDbmateError(result.output).sqlState ?? '')

export type MigrateFileOptions = AttemptOptions & {
  managed: PlacedDatabase
  provenance: Provenance
  applied: Applied
  /** The file behind it, where its row may be written with the end of this one. */
  next?: () => Migration | undefined
  ahead?: RowAhead
}

/** The ledger takes no row. */
export const tellUnstarted = (error: unknown, { file }: Migration): unknown =>
  error instanceof AppError
    ? amend(error, { details: [...error.details, `${file} was not started.`] })
    : error

const begin = (options: MigrateFileOptions): Promise<string> =>
  beginAttempt(options.engine.server, options).catch((error) => {
    throw tellUnstarted(error, options.migration)
  })

/** The work is done and seen; only the ledger does not say so yet. */
export const leftOpen = (options: MigrateFileOptions, error: unknown): unknown => {
  if (!(error instanceof AppError)) return error
  const { managed, migration } = options
  return amend(error, {
    message: `${managed.database}: ${migration.file} is ${didWhat(options)}; its row in the ledger stays open, and the next run settles it.`,
    touched: true,
    work: 'done',
    details: [error.message, ...error.details],
  })
}

/** An attempt whose row says `running`. */
export type Begun = {
  id: string
  since: Date
  attempted: Promise<AttemptResult>
  /** Milliseconds, where they are not those since then. */
  duration?: number | undefined
  /** Whether the row has ended, together with the beginning of the next. */
  handOver?: (duration: number) => Promise<boolean>
}

/** Waits for an attempt's end, judges it, and writes it down. @throws AppError (exit 1) as `migrateFile` has it. */
export const concludeAttempt = async (
  options: MigrateFileOptions,
  { id, since, attempted, duration: known, handOver }: Begun,
): Promise<void> => {
  const { engine, managed, migration, direction, applied } = options
  const duration = (): number => known ?? Math.max(0, Date.now() - since.getTime())
  const settle = (outcome: 'done' | 'failed', error?: string): Promise<void> =>
    endAttempt(engine.server, managed.database, {
      id,
      outcome,
      duration: duration(),
      ...(error && { error }),
    })
  let unknown = false
  let unstarted = false
  try {
    const ended = { ...options, ...(await attempted), since }
    // Outside a transaction nobody can tell how far it got: the row stays `running`, and the next run asks.
    unknown = !sectionOf(migration, direction).transaction && isUnanswered(ended.result)
    unstarted = isFull(ended.result)
    if (unstarted) throw noSession(ended)
    if (ended.result.exitCode === 0 && (await handOver?.(duration()))) return
    await judge(ended)
  } catch (error) {
    unknown ||= error instanceof AppError && error.work === 'unknown'
    // Should the server be gone too, the row stays `running`, and the next run settles it.
    if (unstarted) await removeAttempts(engine.server, managed.database, [id]).catch(() => {})
    else if (!unknown) await settle('failed', (error as Error).message).catch(() => {})
    throw unstarted ? error : asTouched(error)
  }
  applied.add(managed, migration, direction)
  await settle('done').catch((error) => {
    throw leftOpen(options, error)
  })
  applied.confirm(managed)
}

/**
 * Applies one file, or rolls it back, and trusts only the exit code and the table of versions: dbmate prints `Applied:` for
 * failures too. The ledger gets its row before, and its outcome after.
 * @throws AppError (exit 4) when the ledger takes no row, and nothing was started; (exit 1) with the SQL, Postgres' message,
 * its line, DETAIL and HINT; with `work` where the file was done all the same, or nobody knows.
 */
export const migrateFile = async (options: MigrateFileOptions): Promise<void> => {
  await options.applied.require(options.managed)
  const id = options.ahead?.take(options) ?? (await begin(options))
  const begun = { id, since: new Date(), attempted: attempt(options) }
  await concludeAttempt(options, {
    ...begun,
    handOver: (duration) => handOver(options, { id, duration }),
  })
}
