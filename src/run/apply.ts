import { AppError, exitCodes } from '../errors.ts'
import type { Dbmate, DbmateResult } from '../io/dbmate.ts'
import type { Engine } from '../io/engine.ts'
import { readApplied, readExisting } from '../io/read-database.ts'
import { codeFrame } from '../model/code-frame.ts'
import { parseDbmateError } from '../model/dbmate-error.ts'
import type { ManagedDatabase, Migration } from '../model/types.ts'

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

type Failed = {
  engine: Engine
  managed: ManagedDatabase
  migration: Migration
  result: DbmateResult
  since: Date
}

const explainFailure = async ({ engine, managed, migration, result, since }: Failed): Promise<AppError> => {
  const { file, up, upLine, transaction } = migration
  if (result.exitCode === null)
    return new AppError(`${managed.database}: ${file}: dbmate's container ended before it answered.`, {
      exitCode: exitCodes.failed,
      details: result.output.trim() ? [result.output.trim()] : [],
    })
  const { message, sqlState, line, column } = parseDbmateError(result.output)
  const fileLine = line === undefined ? undefined : upLine + line - 1
  const logged = await engine.logged(up, since)
  const place = fileLine === undefined ? '' : ` at line ${fileLine}`
  const whole = transaction && !ownTransaction.test(message)
  const state = whole
    ? `${file} was rolled back as a whole.`
    : `${file} ran outside dbmate's transaction: what it did before the error may stay done.`
  return new AppError(
    `${managed.database}: ${file} failed${place}: ${message}${sqlState ? ` (${sqlState})` : ''}`,
    {
      exitCode: exitCodes.failed,
      details: [...showSql(migration, fileLine, column), ...logged, state],
      hint: `correct ${managed.name}/${file}`,
    },
  )
}

export type ApplyOptions = { engine: Engine; dbmate: Dbmate; managed: ManagedDatabase; migration: Migration }

/**
 * Applies one file and trusts only the exit code and the table of versions: dbmate prints `Applied:` for failures too.
 * @throws AppError (exit 1) with the SQL, Postgres' message, its line, DETAIL and HINT.
 */
export const applyMigration = async ({ engine, dbmate, managed, migration }: ApplyOptions): Promise<void> => {
  const since = new Date()
  const result = await dbmate.up(managed, migration)
  if (result.exitCode !== 0) throw await explainFailure({ engine, managed, migration, result, since })
  const { applied } = await readApplied(engine.server, managed)
  if (applied.includes(migration.version)) return
  throw new AppError(`${managed.database}: dbmate reported success, but did not record ${migration.file}.`, {
    exitCode: exitCodes.failed,
    details: result.output.trim() ? [result.output.trim()] : [],
  })
}

/** @throws AppError (exit 1) when the database is not there afterwards. */
export const createDatabase = async (
  engine: Engine,
  dbmate: Dbmate,
  managed: ManagedDatabase,
): Promise<void> => {
  const { output } = await dbmate.create(managed)
  const existing = await readExisting(engine.server, [managed.database])
  if (existing.has(managed.database)) return
  throw new AppError(`${managed.database}: could not be created: ${parseDbmateError(output).message}`, {
    exitCode: exitCodes.failed,
  })
}
