import { AppError, exitCodes } from '../../errors.ts'
import { quoteIdentifier } from '../../model/sql.ts'
import type { DatabaseReading, ManagedDatabase, Obstacle, VersionsTable } from '../../model/types.ts'
import { findVersions } from './find-versions.ts'
import { type KnownTexts, readKnownTexts } from './ledger.ts'
import type { Server } from './postgres.ts'

const nothingKnown: KnownTexts = { checksums: new Map(), attempted: new Set(), open: false }

/** Which of these databases exist on the server. */
export const readExisting = async (server: Server, names: readonly string[]): Promise<Set<string>> => {
  const sql = 'select datname from pg_catalog.pg_database where datname = any($1)'
  const rows = await server.query<{ datname: string }>(server.maintenance, sql, [names])
  return new Set(rows.map(({ datname }) => datname))
}

/** A reading, and the database with the place of its versions. */
export type PlacedReading = DatabaseReading & { managed: ManagedDatabase }

export const absent: DatabaseReading = {
  exists: false,
  tracked: false,
  tables: 0,
  schemas: [],
  applied: [],
  ...nothingKnown,
}

/** dbmate's table of versions, quoted for SQL. */
export const quoteVersions = ({ schema, table }: VersionsTable): string =>
  `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`

/** undefined_table, invalid_schema_name */
const notThere = new Set(['42P01', '3F000'])

/** Versions that dbmate has recorded, in the server's byte order; none where there is no table. */
export const readVersions = async (
  server: Server,
  database: string,
  versions: VersionsTable,
): Promise<string[]> => {
  const sql = `select version from ${quoteVersions(versions)} order by version collate "C"`
  try {
    return (await server.query<{ version: string }>(database, sql)).map(({ version }) => version)
  } catch (error) {
    if (notThere.has((error as { code?: string }).code ?? '')) return []
    throw error
  }
}

const read = async (server: Server, managed: ManagedDatabase): Promise<PlacedReading> => {
  const { place, tracked, obstacle, recorded, tables } = await findVersions(server, managed)
  const base = {
    managed: { ...managed, versions: place },
    exists: true,
    tracked,
    tables: [...tables.values()].reduce((sum, count) => sum + count, 0),
    schemas: [...tables.keys()],
  }
  if (obstacle) return { ...base, obstacle, applied: [], ...nothingKnown }
  return {
    ...base,
    applied: tracked ? await readVersions(server, managed.database, place) : [],
    ...(recorded ? await readKnownTexts(server, managed.database) : nothingKnown),
  }
}

/** Reads a database that exists. Why nothing can be done in it is an answer, so that the others are read too. */
export const readDatabase = async (server: Server, managed: ManagedDatabase): Promise<PlacedReading> => {
  try {
    return await read(server, managed)
  } catch (error) {
    if (!(error instanceof AppError) || error.exitCode !== exitCodes.refused) throw error
    const { message, details, hint = '' } = error
    return { ...absent, exists: true, managed, obstacle: { message, details, hint } }
  }
}

export const obstacleError = ({ message, details, hint }: Obstacle): AppError =>
  new AppError(message, { exitCode: exitCodes.refused, details, hint })

/**
 * Where the versions of a database are that did not exist when the run looked.
 * @throws AppError (exit 4) when something is in the way there.
 */
export const placeVersions = async (server: Server, managed: ManagedDatabase): Promise<VersionsTable> => {
  const { place, obstacle } = await findVersions(server, managed)
  if (obstacle) throw obstacleError(obstacle)
  return place
}
