import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, exitCodes } from '../errors.ts'
import type { Swap } from '../model/plan.ts'
import { quoteIdentifier } from '../model/sql.ts'
import type { Server, Session } from './postgres.ts'

const maintenance = 'postgres'
const every = 50

/** RENAME waits five seconds for the others to leave, and lets nobody new in: they are shown out meanwhile. */
const showOut = async (session: Session, names: readonly string[], done: AbortSignal): Promise<void> => {
  const sql = `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
    where datname = any($1) and pid <> pg_catalog.pg_backend_pid()`
  while (!done.aborted) {
    await session.query(sql, [names])
    await sleep(every, undefined, { signal: done }).catch(() => {})
  }
}

const renames = ({ database, beside, replaced }: Swap): string[] => [
  ...(replaced === null
    ? []
    : [`alter database ${quoteIdentifier(database)} rename to ${quoteIdentifier(replaced)}`]),
  `alter database ${quoteIdentifier(beside)} rename to ${quoteIdentifier(database)}`,
]

/**
 * Gives each restored database the name of the present one, all in one transaction. A pool that connects again as soon as
 * it is shown out would beat whoever first terminates and then renames; here new sessions wait until the new one is there.
 * @throws AppError (exit 1): Postgres refused, and everything is as it was.
 */
export const swapDatabases = async (server: Server, swaps: readonly Swap[]): Promise<void> => {
  await using renaming = await server.session(maintenance)
  await using ending = await server.session(maintenance)
  const names = swaps.flatMap(({ database, beside }) => [database, beside])
  const done = new AbortController()
  const showing = showOut(ending, names, done.signal).catch(() => {})
  try {
    await renaming.query("begin; set local lock_timeout = '10s'")
    for (const sql of swaps.flatMap(renames)) await renaming.query(sql)
    await renaming.query('commit')
  } catch (cause) {
    await renaming.query('rollback').catch(() => {})
    const { message, detail } = cause as Error & { detail?: string }
    throw new AppError(`The databases could not be swapped: ${message}.`, {
      exitCode: exitCodes.failed,
      details: detail ? [detail] : [],
      cause,
    })
  } finally {
    done.abort()
    await showing
  }
}
