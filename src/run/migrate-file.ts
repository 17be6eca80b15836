import { AppError, asTouched, exitCodes } from '../errors.ts'
import type { DbmateResult } from '../io/dbmate.ts'
import { beginAttempt, endAttempt } from '../io/ledger.ts'
import { parseDbmateError } from '../model/dbmate-error.ts'
import type { Provenance } from '../model/ledger.ts'
import { sectionOf } from '../model/migration.ts'
import type { Applied, PlacedDatabase } from './applied.ts'
import { type AttemptOptions, attempt } from './attempt.ts'
import { explainFailure, type FailedAttempt } from './explain-failure.ts'

type Ended = FailedAttempt & Pick<MigrateFileOptions, 'managed' | 'applied'>

/** Whether the table of versions says what this direction wants. */
const isRecorded = async (ended: Ended): Promise<boolean> => {
  const { managed, migration, direction, applied } = ended
  return (await applied.read(managed)).has(migration.version) === (direction === 'up')
}

/** dbmate is gone, and its backend may still work: end it, then see what the table of versions says. */
const judgeLost = async (ended: Ended): Promise<void> => {
  const { engine, managed, migration, direction, result } = ended
  await engine.cancel()
  if (await isRecorded(ended)) return
  const { file } = migration
  const what = direction === 'up' ? `${file} was not recorded` : `${file} is still recorded`
  throw new AppError(`${managed.database}: ${file}: dbmate's container ended before it answered.`, {
    exitCode: exitCodes.failed,
    details: [
      ...(result.output.trim() ? [result.output.trim()] : []),
      sectionOf(migration, direction).transaction
        ? `${what}, so Postgres rolled the transaction back.`
        : `${what}; the next run looks at what it did before it goes on.`,
    ],
  })
}

const judge = async (ended: Ended): Promise<void> => {
  const { managed, migration, direction, result } = ended
  if (result.exitCode === null) return judgeLost(ended)
  if (result.exitCode !== 0) throw await explainFailure(ended)
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

export type MigrateFileOptions = AttemptOptions & {
  managed: PlacedDatabase
  provenance: Provenance
  applied: Applied
}

/**
 * Applies one file, or rolls it back, and trusts only the exit code and the table of versions: dbmate prints `Applied:` for
 * failures too. The ledger gets its row before, and its outcome after.
 * @throws AppError (exit 1) with the SQL, Postgres' message, its line, DETAIL and HINT.
 */
export const migrateFile = async (options: MigrateFileOptions): Promise<void> => {
  const { engine, run, managed, migration, direction, provenance, applied } = options
  const { server } = engine
  await applied.require(managed)
  const id = await beginAttempt(server, { run, managed, migration, direction, provenance })
  const since = new Date()
  const settle = (outcome: 'done' | 'failed', error?: string): Promise<void> => {
    const duration = Date.now() - since.getTime()
    return endAttempt(server, managed.database, { id, outcome, duration, ...(error && { error }) })
  }
  let unknown = false
  try {
    const ended = await attempt(options)
    // Outside a transaction nobody can tell how far it got: the row stays `running`, and the next run asks.
    unknown = !sectionOf(migration, direction).transaction && isUnanswered(ended.result)
    await judge({ ...options, ...ended, since })
  } catch (error) {
    // Should the server be gone too, the row stays `running`, and the next run settles it.
    if (!unknown) await settle('failed', (error as Error).message).catch(() => {})
    throw asTouched(error)
  }
  applied.add(managed, migration, direction)
  await settle('done')
}
