import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, exitCodes } from '../errors.ts'
import type { Server, Session } from '../io/postgres/postgres.ts'
import { pasteSql } from '../model/paste.ts'
import { quoteIdentifier } from '../model/sql.ts'
import type { Swap } from '../model/step.ts'

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

const failed = (cause: unknown, swaps: readonly Swap[]): AppError => {
  const { message, detail } = cause as Error & { detail?: string }
  const names = swaps.map(({ database }) => database).join(', ')
  return new AppError(`The databases could not be swapped: ${message}.`, {
    exitCode: exitCodes.failed,
    details: [...(detail ? [detail] : []), `${names} as before`],
    cause,
  })
}

const unknown = (cause: unknown, server: Server, swaps: readonly Swap[]): AppError => {
  const besides = swaps.map(({ beside }) => beside)
  return new AppError('The connection was lost in the swap: whether it was done is not known.', {
    exitCode: exitCodes.failed,
    details: [
      `While ${besides.join(', ')} is there, everything is as before; else it is done, and is not to be done again:`,
      `  → ${pasteSql(server, server.maintenance, ['select datname from pg_database'])}`,
    ],
    cause,
  })
}

const settleWithin = 10_000

/** Whether it was committed, whatever its client heard of it. @throws what keeps it from being known. */
const isSwapped = async (server: Server, pid: number, swaps: readonly Swap[]): Promise<boolean> => {
  await using session = await server.session(server.maintenance)
  // A backend commits without its client.
  const busy = "select from pg_catalog.pg_stat_activity where pid = $1 and state = 'active'"
  for (const deadline = performance.now() + settleWithin; (await session.query(busy, [pid])).length > 0; ) {
    if (performance.now() > deadline) throw new Error('its backend is still at work')
    await sleep(every)
  }
  const names = swaps.map(({ beside }) => beside)
  const left = 'select from pg_catalog.pg_database where datname = any($1)'
  return (await session.query(left, [names])).length === 0
}

/**
 * Gives each restored database the name of the present one, all in one transaction. A pool that connects again as soon as
 * it is shown out would beat whoever first terminates and then renames; here new sessions wait until the new one is there.
 * @throws AppError (exit 1): Postgres refused, and everything is as it was; or the connection was lost, and it is not known.
 */
export const swapDatabases = async (server: Server, swaps: readonly Swap[]): Promise<void> => {
  await using renaming = await server.session(server.maintenance)
  await using ending = await server.session(server.maintenance)
  const names = swaps.flatMap(({ database, beside }) => [database, beside])
  const done = new AbortController()
  const showing = showOut(ending, names, done.signal).catch(() => {})
  try {
    await renaming.query("begin; set local lock_timeout = '10s'")
    for (const sql of swaps.flatMap(renames)) await renaming.query(sql)
  } catch (cause) {
    await renaming.query('rollback').catch(() => {})
    throw failed(cause, swaps)
  } finally {
    done.abort()
    await showing
  }
  await renaming.query('commit').catch(async (cause) => {
    const swapped = await isSwapped(server, renaming.pid, swaps).catch(() => {
      throw unknown(cause, server, swaps)
    })
    if (!swapped) throw failed(cause, swaps)
  })
}
