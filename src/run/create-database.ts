import { AppError, exitCodes } from '../errors.ts'
import { askAgain } from '../io/postgres/ask-again.ts'
import { readDatabaseMismatches, repairCollation } from '../io/postgres/collations.ts'
import type { Server } from '../io/postgres/postgres.ts'
import { readExisting } from '../io/postgres/read-database.ts'
import { lookAtDisk, pasteAsSuperuser, pasteSql } from '../model/paste.ts'
import { sessionName } from '../model/session.ts'
import { quoteIdentifier, quoteLiteral } from '../model/sql.ts'
import type { ManagedDatabase } from '../model/types.ts'
import type { MigrateTools } from './migrate-tools.ts'

const templateUsers =
  "select pid, usename, application_name, state, query from pg_stat_activity where datname = 'template1'"

type Remedy = { hint: string; details?: readonly string[] }

/** Whoever may not create databases gets the right to, or this one. */
const whereDenied = async (server: Server, database: string): Promise<Remedy | undefined> => {
  const [row] = await server.query<{ right: string; made: string }>(
    server.maintenance,
    `select pg_catalog.format('alter role %I createdb', current_user) as right,
      pg_catalog.format('create database %I owner %I', $1::text, current_user) as made`,
    [database],
  )
  if (!row) return undefined
  const paste = (sql: string): string => pasteAsSuperuser(server, server.maintenance, [sql])
  return {
    hint: paste(row.right),
    details: [`or have it made, then run this again: → ${paste(row.made)}`],
  }
}

/** What lets it be created, by Postgres' own reason. */
const remedyOf = async (server: Server, database: string, sqlState = ''): Promise<Remedy | undefined> => {
  if (sqlState === '42501') return whereDenied(server, database)
  if (sqlState === 'XX000') {
    const [mismatch] = await readDatabaseMismatches(server, ['template1'])
    return mismatch && { hint: repairCollation(server, mismatch).join('; ') }
  }
  if (sqlState === '55006') return { hint: pasteSql(server, server.maintenance, [templateUsers]) }
  return sqlState.startsWith('53') ? { hint: lookAtDisk(server) } : undefined
}

/**
 * As dbmate's `create` has it, which can ask no other database than `postgres`. Under dbmate's name, so that it is ended with
 * the run.
 */
const send = async (
  server: Server,
  run: string,
  database: string,
): Promise<(Error & { code?: string }) | undefined> => {
  await using session = await server.session(server.maintenance)
  await session.query(`set application_name = ${quoteLiteral(sessionName(run, 'dbmate'))}`)
  try {
    await session.query(`create database ${quoteIdentifier(database)}`)
    return undefined
  } catch (error) {
    return error as Error
  }
}

/** @throws AppError (exit 1) when the database is not there afterwards, or when that is not known. */
export const createDatabase = async (
  { database }: ManagedDatabase,
  { engine: { server }, run, dbmate, created }: MigrateTools,
): Promise<void> => {
  // What no file would get into is not made.
  await dbmate()
  const failure = await send(server, run, database)
  const existing = await askAgain(() => readExisting(server, [database])).catch((cause) => {
    if (!(cause instanceof AppError)) throw cause
    throw new AppError(`${database}: whether it was created is not known: Postgres cannot be asked.`, {
      exitCode: exitCodes.failed,
      touched: true,
      details: [cause.message],
      ...(cause.hint && { hint: cause.hint }),
      cause,
    })
  })
  if (existing.has(database)) {
    if (!failure) created.add(database)
    return
  }
  const { message = 'it is not there', code = '' } = failure ?? {}
  const remedy = await remedyOf(server, database, code).catch(() => undefined)
  throw new AppError(`${database}: could not be created: ${message}${code && ` (${code})`}.`, {
    exitCode: exitCodes.failed,
    ...remedy,
  })
}
