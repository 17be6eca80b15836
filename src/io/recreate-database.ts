import type { DatabaseProperties } from '../model/inventory.ts'
import { type CreateOptions, createDatabaseLike, databaseProperties } from '../model/recreate.ts'
import { quoteIdentifier } from '../model/sql.ts'
import type { Query } from './postgres.ts'

/**
 * Makes an empty database of that name with the encoding and the locale of another. `query` asks a session in another
 * database, without a limit for the answer: `server.session('postgres')`.
 */
export const createEmptyDatabase = async (
  query: Query,
  properties: DatabaseProperties,
  { name, ...options }: CreateOptions & { name: string },
): Promise<void> => {
  await query(createDatabaseLike(properties, name, options))
}

/** Gives it the other's owner, grants, settings and comment; after its content, which some settings would keep out. */
export const applyProperties = async (
  query: Query,
  properties: DatabaseProperties,
  name: string,
): Promise<void> => {
  for (const sql of databaseProperties(properties, name)) await query(sql)
}

/** Drops a database with whoever is connected to it. */
export const dropDatabase = async (query: Query, name: string): Promise<void> => {
  await query(`drop database if exists ${quoteIdentifier(name)} with (force)`)
}
