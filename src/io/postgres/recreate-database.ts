import type { DatabaseInventory, DatabaseProperties } from '../../model/inventory.ts'
import { type CreateOptions, createDatabaseLike, databaseProperties } from '../../model/recreate.ts'
import { quoteIdentifier } from '../../model/sql.ts'
import type { Query, Server } from './postgres.ts'

const hasPublic = ({ objects }: Pick<DatabaseInventory, 'objects'>): boolean =>
  objects.some(({ kind, name }) => kind === 'schema' && name === 'public')

/** Makes an empty database of that name with the encoding and the locale of another, which a dump can be restored into. */
export const createEmptyDatabase = async (
  server: Server,
  inventory: DatabaseInventory,
  { name, ...options }: CreateOptions & { name: string },
): Promise<void> => {
  await using session = await server.session(server.maintenance)
  await session.query(createDatabaseLike(inventory, name, options))
  if (hasPublic(inventory)) return
  // Every new database has a schema public, and no dump drops it.
  await using inside = await server.session(name)
  await inside.query('drop schema public')
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
  const [found] = await query<{ template: boolean }>(
    'select datistemplate as template from pg_catalog.pg_database where datname = $1',
    [name],
  )
  // A template cannot be dropped.
  if (found?.template) await query(`alter database ${quoteIdentifier(name)} is_template false`)
  await query(`drop database if exists ${quoteIdentifier(name)} with (force)`)
}
