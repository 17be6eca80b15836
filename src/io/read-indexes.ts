import type { IndexState } from '../model/forensics.ts'
import type { Server } from './postgres.ts'

/** What became of these indexes, by the names in which their files write them. */
export const readIndexStates = async (
  server: Server,
  database: string,
  names: readonly string[],
): Promise<Map<string, IndexState>> => {
  if (names.length === 0) return new Map()
  const sql = `select name, case when i.indexrelid is null then 'absent' when i.indisvalid then 'valid' else 'invalid' end as state
    from unnest($1::text[]) as name left join pg_catalog.pg_index i on i.indexrelid = pg_catalog.to_regclass(name)`
  const rows = await server.query<{ name: string; state: IndexState }>(database, sql, [names])
  return new Map(rows.map(({ name, state }) => [name, state]))
}

/** Every INVALID index of a database: what a concurrent build that failed or was killed leaves behind. */
export const readInvalidIndexes = async (server: Server, database: string): Promise<string[]> => {
  const sql = `select i.indexrelid::regclass::text as name from pg_catalog.pg_index i
    where not i.indisvalid and not exists (
      select from pg_catalog.pg_stat_progress_create_index p where p.index_relid = i.indexrelid)`
  return (await server.query<{ name: string }>(database, sql)).map(({ name }) => name)
}
