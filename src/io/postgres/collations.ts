import { pasteSql } from '../../model/paste.ts'
import { quoteIdentifier } from '../../model/sql.ts'
import type { Query, Server } from './postgres.ts'

/** A database, or a collation in one, whose order is of another version of the operating system's library. */
export type CollationMismatch = { database: string; collation?: string; recorded: string; actual: string }

/** Databases have a version since Postgres 15. */
const hasVersionsSql =
  "select pg_catalog.to_regproc('pg_catalog.pg_database_collation_actual_version') is not null as has"

const databasesSql = `
select d.datname as database, d.datcollversion as recorded, pg_catalog.pg_database_collation_actual_version(d.oid) as actual
from pg_catalog.pg_database d
where d.datname = any($1) and d.datcollversion <> pg_catalog.pg_database_collation_actual_version(d.oid) order by 1`

/** Of these databases; `template1`'s keeps every new one from being made. */
export const readDatabaseMismatches = async (
  server: Server,
  names: readonly string[],
): Promise<CollationMismatch[]> => {
  const [found] = await server.query<{ has: boolean }>(server.maintenance, hasVersionsSql)
  return found?.has ? await server.query(server.maintenance, databasesSql, [names]) : []
}

const collationsSql = `
select pg_catalog.format('%I.%I', n.nspname, c.collname) as collation, c.collversion as recorded,
  pg_catalog.pg_collation_actual_version(c.oid) as actual
from pg_catalog.pg_collation c join pg_catalog.pg_namespace n on n.oid = c.collnamespace
where c.collversion <> pg_catalog.pg_collation_actual_version(c.oid)
  and exists (select from pg_catalog.pg_attribute a where a.attcollation = c.oid and a.attrelid >= 16384)
order by 1`

/** Of the collations that columns in this database use. */
export const readCollationMismatches = async (query: Query, database: string): Promise<CollationMismatch[]> =>
  (await query<Omit<CollationMismatch, 'database'>>(collationsSql)).map((row) => ({ database, ...row }))

/** The commands that put it right: what is sorted is sorted anew, then the version is taken. Template databases hold no rows. */
export const repairCollation = (
  server: Server,
  { database, collation }: CollationMismatch,
): readonly string[] => {
  const name = quoteIdentifier(database)
  const refresh = collation
    ? `alter collation ${collation} refresh version`
    : `alter database ${name} refresh collation version`
  return [
    ...(database === 'template1' ? [] : [pasteSql(server, database, [`reindex database ${name}`])]),
    pasteSql(server, database, [refresh]),
  ]
}
