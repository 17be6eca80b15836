import { runIdPattern } from '../../model/session.ts'
import { quoteLiteral } from '../../model/sql.ts'
import { readLiveRuns } from './backends.ts'
import type { Server } from './postgres.ts'
import { dropDatabase } from './recreate-database.ts'

/** Nobody takes what a dead run's dump reads, and its locks on tables are in others' way. */
const endDumps = async (server: Server): Promise<void> => {
  const sql = `select pg_catalog.pg_terminate_backend(a.pid) from pg_catalog.pg_stat_activity a
    where a.application_name ~ '${runIdPattern} dump$' and not exists (
      select from pg_catalog.pg_stat_activity l
      where l.datname = ${quoteLiteral(server.maintenance)} and l.application_name = split_part(a.application_name, ' ', 1))`
  await server.query(server.maintenance, sql)
}

const besideOf = new RegExp(`_restore_(${runIdPattern.slice(1)})$`)

/** Ends the dumps of dead runs, and drops the databases that dead restores were filling; answers their names. */
export const reapRecoveries = async (server: Server): Promise<string[]> => {
  await endDumps(server)
  const sql = `select datname as name from pg_catalog.pg_database where datname ~ '_restore_${runIdPattern.slice(1)}$'`
  const found = await server.query<{ name: string }>(server.maintenance, sql)
  if (found.length === 0) return []
  const alive = await readLiveRuns(server)
  const dead = found.map(({ name }) => name).filter((name) => !alive.has(besideOf.exec(name)?.[1] ?? ''))
  if (dead.length === 0) return []
  await using session = await server.session(server.maintenance)
  for (const name of dead) await dropDatabase(session.query, name)
  return dead
}
