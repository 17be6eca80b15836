import { isFilling } from '../../model/beside-name.ts'
import { runIdPattern } from '../../model/session.ts'
import { quoteLiteral } from '../../model/sql.ts'
import { readLiveRuns } from './backends.ts'
import type { Server } from './postgres.ts'
import { dropDatabase } from './recreate-database.ts'

/** Nobody takes what a dead run's dump reads, and its locks on tables are in others' way. */
const endDumps = async (server: Server, databases: readonly string[]): Promise<void> => {
  const sql = `select pg_catalog.pg_terminate_backend(a.pid) from pg_catalog.pg_stat_activity a
    where a.datname = any($1) and a.application_name ~ '${runIdPattern} dump$' and not exists (
      select from pg_catalog.pg_stat_activity l
      where l.datname = ${quoteLiteral(server.maintenance)} and l.application_name = split_part(a.application_name, ' ', 1))`
  await server.query(server.maintenance, sql, [databases])
}

const besideOf = new RegExp(`_restore_(${runIdPattern.slice(1)})$`)

/**
 * Ends the dumps of these databases by dead runs, and drops what dead restores of them were filling; answers the names. Other
 * databases of the server may be another project's.
 */
export const reapRecoveries = async (server: Server, databases: readonly string[]): Promise<string[]> => {
  await endDumps(server, databases)
  const sql = `select datname as name from pg_catalog.pg_database where datname ~ '_restore_${runIdPattern.slice(1)}$'`
  const all = await server.query<{ name: string }>(server.maintenance, sql)
  const found = all.filter(({ name }) => isFilling(name, databases))
  if (found.length === 0) return []
  const alive = await readLiveRuns(server)
  const dead = found.map(({ name }) => name).filter((name) => !alive.has(besideOf.exec(name)?.[1] ?? ''))
  if (dead.length === 0) return []
  await using session = await server.session(server.maintenance)
  for (const name of dead) await dropDatabase(session.query, name)
  return dead
}
