import { setTimeout as sleep } from 'node:timers/promises'
import { runIdPattern } from '../../model/session.ts'
import { quoteLiteral } from '../../model/sql.ts'
import type { Server } from './postgres.ts'

/** Ends backends by their process ids. */
export const endBackends = async (server: Server, pids: readonly number[]): Promise<void> => {
  const sql = 'select pg_catalog.pg_terminate_backend(pid) from unnest($1::int[]) as pid'
  await server.query(server.maintenance, sql, [pids])
}

/** Milliseconds. */
const endWithin = 5000
const poll = 20

/**
 * Ends every session of that name, or those in one database: a client that was killed leaves its statement running. Answers when
 * they are gone, or after 5 s: one that is asked to end may commit first, and whoever looks then must not look too early.
 */
export const endSessions = async (server: Server, name: string, database?: string): Promise<void> => {
  const sql = `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
    where application_name = $1 and ($2::text is null or datname = $2)`
  for (const deadline = performance.now() + endWithin; performance.now() < deadline; await sleep(poll)) {
    const left = await server.query(server.maintenance, sql, [name, database ?? null])
    if (left.length === 0) return
  }
}

/** Runs that hold a session in the database of the locks: what belongs to them is nobody's to reap. */
export const readLiveRuns = async (server: Server): Promise<Set<string>> => {
  const sql = `select distinct application_name as run from pg_catalog.pg_stat_activity
    where datname = ${quoteLiteral(server.maintenance)} and application_name ~ '${runIdPattern}$'`
  return new Set((await server.query<{ run: string }>(server.maintenance, sql)).map(({ run }) => run))
}
