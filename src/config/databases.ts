import { dirname, join, resolve } from 'node:path'
import { usageError } from '../errors.ts'
import type { ManagedDatabase } from '../model/types.ts'
import type { Config } from './load.ts'
import { readStore, storeOf } from './store.ts'
import { unknown } from './unknown.ts'

/** Names of the managed databases, in the config's order; without `databases:` every directory of the store. */
export const databaseNames = (config: Config): string[] =>
  config.databases ? Object.keys(config.databases) : readStore(config)

/** Bytes of a name; Postgres cuts the rest without a word, and two names that differ behind it would be one database. */
const longest = 63

const requireShort = ({ name, database }: ManagedDatabase): void => {
  const bytes = Buffer.byteLength(database)
  if (bytes > longest)
    throw usageError(
      `The name ${database} has ${bytes} bytes, and Postgres keeps ${longest}.`,
      `write a shorter one into the config: databases: { ${name}: { database: SHORTER } }, or shorten suffix:`,
      ['Names that are cut alike would be one database.'],
    )
}

const requireDistinct = (databases: readonly ManagedDatabase[]): void => {
  const names = new Map<string, string>()
  for (const { name, database } of databases) {
    const other = names.get(database)
    if (other !== undefined)
      throw usageError(
        `${other} and ${name} are one database on the server: ${database}.`,
        `write into the config: databases: { ${name}: { database: ANOTHER } }`,
        ['Each would take the versions of the other for its own.'],
      )
    names.set(database, name)
  }
}

export const isFleet = (config: Config, name: string): boolean => config.databases?.[name]?.from !== undefined

/** `tenants/tenant_7`, where tenants is a fleet. */
export const memberIn = (config: Config, typed: string): { fleet: string; key: string } | undefined => {
  const at = typed.indexOf('/')
  const fleet = typed.slice(0, Math.max(0, at))
  return isFleet(config, fleet) ? { fleet, key: typed.slice(at + 1) } : undefined
}

/** Verbs that read files alone know no databases of a fleet: all have the same files. */
const refuseMember = (config: Config, typed: string): void => {
  const found = memberIn(config, typed)
  if (!found) return
  const { fleet } = found
  throw usageError(
    `${typed} has the files of ${fleet}, and this reads files alone.`,
    `name the fleet: --db ${fleet}`,
  )
}

/** A database as it is called, and where its files are, in an environment with this suffix. */
export const locateDatabase = (config: Config, suffix: string, name: string): ManagedDatabase => {
  const settings = config.databases?.[name]
  return {
    name,
    database: (settings?.database ?? name) + (settings?.suffix === false ? '' : suffix),
    directory: settings?.directory
      ? resolve(config.directory, settings.directory)
      : join(storeOf(config), name),
    migrationsTable: settings?.migrations_table ?? 'schema_migrations',
    ...(settings?.search_path && { searchPath: settings.search_path }),
  }
}

/**
 * The managed databases of an environment, or those named; a fleet counts as one, by its own name.
 * @throws AppError (exit 2) for a name that is not managed, that Postgres would cut, or that two of them have on the server.
 */
export const resolveDatabases = (
  config: Config,
  suffix: string,
  only: readonly string[] = [],
): ManagedDatabase[] => {
  const all = databaseNames(config).map((name) => locateDatabase(config, suffix, name))
  const single = all.filter(({ name }) => !isFleet(config, name))
  for (const managed of single) requireShort(managed)
  requireDistinct(single)
  const names = all.map(({ name }) => name)
  const stranger = only.find((name) => !names.includes(name))
  if (stranger !== undefined) {
    refuseMember(config, stranger)
    const meant = all.find(({ database }) => database === stranger)?.name
    throw unknown(stranger, { what: 'database', names, ...(meant && { meant }) })
  }
  return all.filter(({ name }) => only.length === 0 || only.includes(name))
}

/** Where the files of databases lie: the store as a whole, and what lies elsewhere. */
export const sourcesOf = (config: Config, databases: readonly ManagedDatabase[]): string[] => {
  const store = storeOf(config)
  const places = databases.map(({ directory }) => (dirname(directory) === store ? store : directory))
  return [...new Set(places)]
}
