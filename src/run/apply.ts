import { AppError, exitCodes } from '../errors.ts'
import type { Dbmate, DbmateResult } from '../io/dbmate.ts'
import type { Engine } from '../io/engine.ts'
import { beginAttempt, endAttempt } from '../io/ledger.ts'
import { describeBlocker } from '../io/observer.ts'
import { readApplied, readExisting } from '../io/read-database.ts'
import { readIndexes } from '../io/read-indexes.ts'
import { codeFrame } from '../model/code-frame.ts'
import { parseDbmateError } from '../model/dbmate-error.ts'
import { concurrentIndexOf, dropIndex } from '../model/forensics.ts'
import type { Provenance } from '../model/ledger.ts'
import { pasteSql } from '../model/paste.ts'
import type { ManagedDatabase, Migration } from '../model/types.ts'
import { type AttemptOptions, type AttemptResult, attempt } from './attempt.ts'

const shortBlock = 12
/** lib/pq's complaint when a file ended dbmate's transaction by itself; it masks the true error. */
const ownTransaction = /unexpected transaction status/

/** The SQL to show: the lines around Postgres' position, or the whole block when it is short and there is none. */
const showSql = (
  { text, up, upLine }: Migration,
  line: number | undefined,
  column: number | undefined,
): string[] => {
  if (line !== undefined) return codeFrame(text, { line, ...(column !== undefined && { column }) })
  const block = up.trimEnd().split('\n')
  return block.length <= shortBlock ? block.map((sql, index) => `  ${upLine + index} | ${sql}`) : []
}

type Failed = AttemptOptions & AttemptResult & { since: Date }

/** What a failed concurrent build left, and the statement that removes it. */
const leftIndex = async ({ engine, managed, migration }: Failed): Promise<string | undefined> => {
  const index = concurrentIndexOf(migration)
  if (index === undefined) return undefined
  const found = (await readIndexes(engine.server, managed, [index])).get(index.name)
  return found && !found.valid ? found.reference : undefined
}

const explainFailure = async (failed: Failed): Promise<AppError> => {
  const { engine, managed, migration, result, blockers, tries, since } = failed
  const { file, up, upLine, transaction } = migration
  const { message, sqlState, line, column } = parseDbmateError(result.output)
  const fileLine = line === undefined ? undefined : upLine + line - 1
  const logged = await engine.logged(up, since)
  const index = await leftIndex(failed)
  const place = fileLine === undefined ? '' : ` at line ${fileLine}`
  const whole = transaction && !ownTransaction.test(message)
  const state = whole
    ? `${file} was rolled back as a whole.`
    : `${file} ran outside dbmate's transaction: what it did before the error may stay done.`
  return new AppError(
    `${managed.database}: ${file} failed${place}: ${message}${sqlState ? ` (${sqlState})` : ''}`,
    {
      exitCode: exitCodes.failed,
      details: [
        ...showSql(migration, fileLine, column),
        ...logged,
        ...blockers.map((blocker) => `blocked by ${describeBlocker(blocker)}`),
        ...(tries > 1 ? [`${tries} tries`] : []),
        state,
        ...(index ? [`The index ${index} was left INVALID: it is not used, and slows every write.`] : []),
      ],
      hint: index
        ? pasteSql(engine.server.label, managed.database, [dropIndex(index)])
        : `correct ${managed.name}/${file}`,
    },
  )
}

/** dbmate is gone, and its backend may still work: end it, then see what the table of versions says. */
const judgeLost = async ({ engine, managed, migration, result }: Failed): Promise<void> => {
  await engine.cancel()
  const { applied } = await readApplied(engine.server, managed)
  if (applied.includes(migration.version)) return
  throw new AppError(`${managed.database}: ${migration.file}: dbmate's container ended before it answered.`, {
    exitCode: exitCodes.failed,
    details: [
      ...(result.output.trim() ? [result.output.trim()] : []),
      migration.transaction
        ? `${migration.file} was not recorded, so Postgres rolled it back.`
        : `${migration.file} was not recorded; the next run looks at what it did before it goes on.`,
    ],
  })
}

const judge = async (failed: Failed): Promise<void> => {
  const { engine, managed, migration, result } = failed
  if (result.exitCode === null) return judgeLost(failed)
  if (result.exitCode !== 0) throw await explainFailure(failed)
  const { applied } = await readApplied(engine.server, managed)
  if (applied.includes(migration.version)) return
  throw new AppError(`${managed.database}: dbmate reported success, but did not record ${migration.file}.`, {
    exitCode: exitCodes.failed,
    details: result.output.trim() ? [result.output.trim()] : [],
  })
}

/** Once a file has begun, a server that is out of reach is a failure: something may have been touched. */
export const asFailure = (error: unknown): unknown => {
  if (!(error instanceof AppError) || error.exitCode !== exitCodes.unreachable) return error
  const { message, details, hint, cause } = error
  return new AppError(message, { exitCode: exitCodes.failed, details, cause, ...(hint && { hint }) })
}

/** dbmate is gone, or Postgres is: what Postgres refused has a SQLSTATE. */
const isUnanswered = ({ exitCode, output }: DbmateResult): boolean =>
  exitCode === null || (exitCode !== 0 && parseDbmateError(output).sqlState === undefined)

export type ApplyOptions = AttemptOptions & { provenance: Provenance }

/**
 * Applies one file and trusts only the exit code and the table of versions: dbmate prints `Applied:` for failures too.
 * The ledger gets its row before, and its outcome after.
 * @throws AppError (exit 1) with the SQL, Postgres' message, its line, DETAIL and HINT.
 */
export const applyMigration = async (options: ApplyOptions): Promise<void> => {
  const { engine, run, managed, migration, provenance } = options
  const { server } = engine
  const id = await beginAttempt(server, { run, managed, migration, provenance })
  const since = new Date()
  const settle = (outcome: 'done' | 'failed', error?: string): Promise<void> => {
    const duration = Date.now() - since.getTime()
    return endAttempt(server, managed.database, { id, outcome, duration, ...(error && { error }) })
  }
  let unknown = false
  try {
    const ended = await attempt(options)
    // Outside a transaction nobody can tell how far it got: the row stays `running`, and the next run asks.
    unknown = !migration.transaction && isUnanswered(ended.result)
    await judge({ ...options, ...ended, since })
  } catch (error) {
    // Should the server be gone too, the row stays `running`, and the next run settles it.
    if (!unknown) await settle('failed', (error as Error).message).catch(() => {})
    throw asFailure(error)
  }
  await settle('done')
}

/** @throws AppError (exit 1) when the database is not there afterwards. */
export const createDatabase = async (
  engine: Engine,
  dbmate: Dbmate,
  managed: ManagedDatabase,
): Promise<void> => {
  const { exitCode, output } = await dbmate.create(managed)
  const existing = await readExisting(engine.server, [managed.database])
  if (existing.has(managed.database)) return
  const why =
    exitCode === null ? "dbmate's container ended before it answered." : parseDbmateError(output).message
  throw new AppError(`${managed.database}: could not be created: ${why}`, { exitCode: exitCodes.failed })
}
