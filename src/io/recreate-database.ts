import type { DatabaseProperties } from '../model/inventory.ts'
import { type CreateOptions, createDatabaseLike, databaseProperties } from '../model/recreate.ts'
import { quoteIdentifier } from '../model/sql.ts'
import type { Server } from './postgres.ts'

const maintenance = 'postgres'

/** Makes an empty database of that name with the encoding and the locale of another. */
export const createEmptyDatabase = async (
  server: Server,
  properties: DatabaseProperties,
  { name, ...options }: CreateOptions & { name: string },
): Promise<void> => {
  await using session = await server.session(maintenance)
  await session.query(createDatabaseLike(properties, name, options))
}

/** Gives it the other's owner, grants, settings and comment; after its content, which some settings would keep out. */
export const applyProperties = async (
  server: Server,
  properties: DatabaseProperties,
  name: string,
): Promise<void> => {
  await using session = await server.session(maintenance)
  for (const sql of databaseProperties(properties, name)) await session.query(sql)
}

/** Drops a database with whoever is connected to it. */
export const dropDatabase = async (server: Server, name: string): Promise<void> => {
  await using session = await server.session(maintenance)
  await session.query(`drop database if exists ${quoteIdentifier(name)} with (force)`)
}
