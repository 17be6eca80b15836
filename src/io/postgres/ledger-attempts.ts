import type { ManagedDatabase, Migration } from '../../model/types.ts'
import { askAgain } from './ask-again.ts'
import { askLedger, type LedgerRows, writeRows } from './ledger.ts'
import type { Server } from './postgres.ts'

export type Attempts = Omit<LedgerRows, 'outcome'> & { managed: ManagedDatabase }

export type Attempt = Omit<Attempts, 'migrations'> & { migration: Migration }

/**
 * Writes the rows of attempts before they start: should everything die, they tell what was under way. Answers their ids, by
 * version.
 * @throws AppError (exit 4) when Postgres refuses it.
 */
export const beginAttempts = (server: Server, attempts: Attempts): Promise<Map<string, string>> => {
  const place = { server, database: attempts.managed.database }
  return askAgain(() => writeRows(place, { ...attempts, outcome: 'running' }))
}

/** The same of one file; answers its row's id. @throws AppError as `beginAttempts`. */
export const beginAttempt = async (server: Server, { migration, ...attempt }: Attempt): Promise<string> => {
  const ids = await beginAttempts(server, { ...attempt, migrations: [migration] })
  return ids.get(migration.version) ?? ''
}

/** Takes back the rows of files that were never started: lint reads those again. */
export const removeAttempts = async (
  server: Server,
  database: string,
  ids: readonly string[],
): Promise<void> => {
  const sql = "delete from po_migrate.ledger where id = any($1::bigint[]) and outcome = 'running'"
  if (ids.length > 0) await askAgain(() => askLedger({ server, database }, sql, [ids]))
}

export type AttemptEnd = {
  id: string
  outcome: 'done' | 'failed'
  error?: string
  duration?: number
}

/** Settles an attempt's row; over a new session when the old one was lost. @throws AppError (exit 4, 6). */
export const endAttempt = async (
  server: Server,
  database: string,
  { id, outcome, error, duration }: AttemptEnd,
): Promise<void> => {
  const sql = `update po_migrate.ledger set outcome = $2, error = $3, duration_ms = coalesce($4, duration_ms) where id = $1`
  await askAgain(() => askLedger({ server, database }, sql, [id, outcome, error ?? null, duration ?? null]))
}

/** Settles the rows of files that are applied and seen; `duration`: milliseconds. @throws AppError (exit 4, 6). */
export const endAttempts = async (
  server: Server,
  database: string,
  ends: readonly { id: string; duration: number | undefined }[],
): Promise<void> => {
  const sql = `update po_migrate.ledger l set outcome = 'done', duration_ms = one.duration
    from rows from (pg_catalog.unnest($1::bigint[]), pg_catalog.unnest($2::int[])) as one(id, duration) where l.id = one.id`
  const durations = ends.map(({ duration }) => duration ?? null)
  if (ends.length > 0)
    await askAgain(() => askLedger({ server, database }, sql, [ends.map(({ id }) => id), durations]))
}

/** Writes down that the text of an applied file is known to have changed. */
export const recordAcceptedEdit = async (
  server: Server,
  { migration, managed: { database }, ...attempt }: Omit<Attempt, 'direction'>,
): Promise<void> => {
  const row = { ...attempt, migrations: [migration], direction: 'up', outcome: 'accepted' } as const
  await writeRows({ server, database }, row)
}
