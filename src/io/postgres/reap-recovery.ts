import { runIdPattern } from '../../model/session.ts'
import type { Server } from './postgres.ts'
import { dropDatabase } from './recreate-database.ts'

const maintenance = 'postgres'

/** Runs that hold a session in the database of the locks: what belongs to them is nobody's to reap. */
export const readLiveRuns = async (server: Server): Promise<Set<string>> => {
  const sql = `select distinct application_name as run from pg_catalog.pg_stat_activity
    where datname = 'postgres' and application_name ~ '${runIdPattern}$'`
  return new Set((await server.query<{ run: string }>(maintenance, sql)).map(({ run }) => run))
}

/** Nobody takes what a dead run's dump reads, and its locks on tables are in others' way. */
const endDumps = async (server: Server): Promise<void> => {
  const sql = `select pg_catalog.pg_terminate_backend(a.pid) from pg_catalog.pg_stat_activity a
    where a.application_name ~ '${runIdPattern} dump$' and not exists (
      select from pg_catalog.pg_stat_activity l
      where l.datname = 'postgres' and l.application_name = split_part(a.application_name, ' ', 1))`
  await server.query(maintenance, sql)
}

const besideOf = new RegExp(`_restore_(${runIdPattern.slice(1)})$`)

/** Ends the dumps of dead runs, and drops the databases that dead restores were filling; answers their names. */
export const reapRecoveries = async (server: Server): Promise<string[]> => {
  await endDumps(server)
  const sql = `select datname as name from pg_catalog.pg_database where datname ~ '_restore_${runIdPattern.slice(1)}$'`
  const found = await server.query<{ name: string }>(maintenance, sql)
  if (found.length === 0) return []
  const alive = await readLiveRuns(server)
  const dead = found.map(({ name }) => name).filter((name) => !alive.has(besideOf.exec(name)?.[1] ?? ''))
  if (dead.length === 0) return []
  await using session = await server.session(maintenance)
  for (const name of dead) await dropDatabase(session.query, name)
  return dead
}
