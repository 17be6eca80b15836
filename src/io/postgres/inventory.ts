import type {
  DatabaseInventory,
  DatabaseProperties,
  Inventory,
  RoleInventory,
  TablespaceInventory,
} from '../../model/inventory.ts'
import {
  extensionsSql,
  namesSql,
  neededRolesSql,
  propertiesSql,
  rolesSql,
  sequencesSql,
  tablespacesSql,
  tablesSql,
} from './inventory-sql.ts'
import { objectsSql } from './objects-sql.ts'
import type { Query, Server } from './postgres.ts'

type Properties = DatabaseProperties & { size: number }

/** What CREATE and ALTER DATABASE know of a database, and its size; nothing where there is none. */
export const readProperties = async (query: Query, database: string): Promise<Properties | undefined> =>
  (await query<Properties>(propertiesSql, [database]))[0]

export type DatabaseSummary = { size: number; tables: number; rows: number }

const isOpen = async (server: Server, database: string): Promise<boolean> => {
  // -2: a DROP DATABASE was cut short.
  const sql =
    'select datallowconn and datconnlimit <> -2 as open from pg_catalog.pg_database where datname = $1'
  return (await server.query<{ open: boolean }>(server.maintenance, sql, [database]))[0]?.open ?? false
}

/**
 * Size in bytes, tables, and rows as Postgres last estimated them: quick, whatever the size. Its session ends at once.
 * Nothing of one that lets nobody in.
 */
export const readSummary = async (server: Server, database: string): Promise<DatabaseSummary | undefined> => {
  if (!(await isOpen(server, database))) return undefined
  await using session = await server.session(database)
  const sql = `select pg_catalog.pg_database_size(current_database())::float8 as size, pg_catalog.count(*)::int as tables,
      coalesce(pg_catalog.sum(greatest(c.reltuples, 0)), 0)::float8 as rows
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`
  const [row] = await session.query<DatabaseSummary>(sql)
  return row ?? { size: 0, tables: 0, rows: 0 }
}

/** Exact, one table at a time. */
const countRows = async (query: Query): Promise<DatabaseInventory['tables']> => {
  const tables: { name: string; rows: number }[] = []
  for (const { name } of await query<{ name: string }>(tablesSql)) {
    const [counted] = await query<{ rows: number }>(
      `select pg_catalog.count(*)::float8 as rows from only ${name}`,
    )
    tables.push({ name, rows: counted?.rows ?? 0 })
  }
  return tables
}

/** Where the sequences stand now: a snapshot does not hold them back. */
export const readSequences = (query: Query): Promise<DatabaseInventory['sequences']> => query(sequencesSql)

/**
 * Everything of one database, in the session that `query` asks: inside a transaction with a snapshot, as of that snapshot.
 * Without one, row by row as of the moment. Empties the session's search_path, so that all names are qualified.
 * With another inventory, which it is to be compared with, it is read in that one's way.
 */
export const readDatabaseInventory = async (
  query: Query,
  database: string,
  { options }: Pick<DatabaseInventory, 'options'> = { options: 'sorted' },
): Promise<DatabaseInventory> => {
  await query("set search_path = ''")
  const properties = await readProperties(query, database)
  if (!properties) throw new Error(`${database} is not on this server`)
  const [large] = await query<{ count: number }>(
    'select pg_catalog.count(*)::int as count from pg_catalog.pg_largeobject_metadata',
  )
  return {
    ...properties,
    ...(options && { options }),
    roles: (await query<{ name: string }>(neededRolesSql, [database])).map(({ name }) => name),
    extensions: await query(extensionsSql),
    objects: await query(objectsSql(options ?? 'stored')),
    tables: await countRows(query),
    sequences: await readSequences(query),
    largeObjects: large?.count ?? 0,
  }
}

/**
 * Made by initdb, and the same for the life of a cluster and its copies; a string, since it is longer than a number. Nothing
 * where the user may not read it: it is looked at, and decides nothing.
 */
export const readSystemIdentifier = async (server: Server): Promise<string | undefined> => {
  const sql = 'select system_identifier::text as id from pg_catalog.pg_control_system()'
  const [found] = await server.query<{ id: string }>(server.maintenance, sql).catch(() => [])
  return found?.id
}

/** The server's part of an inventory. */
export const readServerInventory = async (server: Server): Promise<Omit<Inventory, 'databases'>> => {
  const [settings] = await server.query<{ version: string; preload: string | null }>(
    server.maintenance,
    `select pg_catalog.current_setting('server_version') as version,
      (select setting from pg_catalog.pg_settings where name = 'shared_preload_libraries') as preload`,
  )
  const [roles, tablespaces] = await Promise.all([
    server.query<RoleInventory>(server.maintenance, rolesSql),
    server.query<TablespaceInventory>(server.maintenance, tablespacesSql),
  ])
  return { version: settings?.version ?? '', preload: settings?.preload ?? '', roles, tablespaces }
}

/** Of the server. */
export const readMajor = async (server: Server): Promise<number> => {
  const sql = "select pg_catalog.current_setting('server_version_num')::int / 10000 as major"
  const [row] = await server.query<{ major: number }>(server.maintenance, sql)
  return row?.major ?? 0
}

/** Path in the server's container. */
export const readDataDirectory = async (server: Server): Promise<string> => {
  const sql = "select pg_catalog.current_setting('data_directory') as path"
  return (await server.query<{ path: string }>(server.maintenance, sql))[0]?.path ?? '/'
}

/** Every database that takes connections, templates left out. */
export const readDatabaseNames = async (server: Server): Promise<string[]> =>
  (await server.query<{ name: string }>(server.maintenance, namesSql)).map(({ name }) => name)

/** Every name that is taken: also of templates and of what lets nobody in. */
export const readTakenNames = async (server: Server): Promise<string[]> => {
  const sql = 'select datname as name from pg_catalog.pg_database order by 1'
  return (await server.query<{ name: string }>(server.maintenance, sql)).map(({ name }) => name)
}

/** Everything that a server holds; each database in a session of its own, one after the other. */
export const readInventory = async (server: Server): Promise<Inventory> => {
  const whole = await readServerInventory(server)
  const databases: DatabaseInventory[] = []
  for (const name of await readDatabaseNames(server)) {
    await using session = await server.session(name)
    databases.push(await readDatabaseInventory(session.query, name))
  }
  return { ...whole, databases }
}
