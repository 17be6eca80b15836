import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { AppError, exitCodes, usageError } from '../errors.ts'
import { nearest } from '../model/nearest.ts'
import type { Environment, Host, ManagedDatabase, Policy, Stack } from '../model/types.ts'
import type { Config } from './load.ts'
import type { ConfigFile } from './schema.ts'

const unknown = (what: string, name: string, known: readonly string[]): AppError => {
  const close = nearest(name, known)
  return usageError(`Unknown ${what} "${name}".`, undefined, [
    `known: ${known.join(', ') || 'none'}`,
    ...(close ? [`did you mean ${close}?`] : []),
  ])
}

const pick = <T>(what: string, name: string, record: Record<string, T>): T => {
  const value = Object.hasOwn(record, name) ? record[name] : undefined
  if (value === undefined) throw unknown(what, name, Object.keys(record))
  return value
}

const readStore = (store: string): string[] => {
  try {
    return readdirSync(store, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
      .sort()
  } catch (cause) {
    const message = `The migration store ${store} cannot be read: ${(cause as Error).message}`
    throw new AppError(message, {
      exitCode: exitCodes.usage,
      hint: 'create it, or set migrations: in the config',
      cause,
    })
  }
}

/** Names of the managed databases, in the config's order; without `databases:` every directory of the store. */
export const databaseNames = (config: Config): string[] =>
  config.databases ? Object.keys(config.databases) : readStore(resolve(config.directory, config.migrations))

/** Bytes of a name; Postgres cuts the rest without a word, and two names that differ behind it would be one database. */
const longest = 63

const requireShort = (database: string): void => {
  const bytes = Buffer.byteLength(database)
  if (bytes > longest)
    throw usageError(
      `The name ${database} has ${bytes} bytes, and Postgres keeps ${longest}.`,
      'rename its directory in the migration store, or shorten suffix: in the config',
      ['Names that are cut alike would be one database.'],
    )
}

/**
 * The managed databases of an environment, or those named.
 * @throws AppError (exit 2) for a name that is not managed, or that Postgres would cut.
 */
export const resolveDatabases = (
  config: Config,
  suffix: string,
  only: readonly string[] = [],
): ManagedDatabase[] => {
  const all = databaseNames(config)
  for (const name of all) requireShort(name + suffix)
  const stranger = only.find((name) => !all.includes(name))
  if (stranger !== undefined) throw unknown('database', stranger, all)
  return all
    .filter((name) => only.length === 0 || only.includes(name))
    .map((name) => {
      const settings = config.databases?.[name]
      return {
        name,
        database: name + suffix,
        directory: join(resolve(config.directory, config.migrations), name),
        migrationsTable: settings?.migrations_table ?? 'schema_migrations',
        ...(settings?.search_path && { searchPath: settings.search_path }),
      }
    })
}

export const resolveHost = (config: Config, name: string): Host => {
  const { stack, cutover, ...host } = pick('host', name, config.hosts)
  const residents = Object.values(config.environments).filter((environment) => environment.host === name)
  const absolute = ({ file, project }: Stack): Stack => ({ file: resolve(config.directory, file), project })
  const base: Host = {
    name,
    shared: host.ssh !== undefined || residents.length > 1,
    ...(host.ssh && { ssh: host.ssh }),
    ...(host.ssh && (host.directory ? { directory: host.directory } : { releases: host.releases })),
    ...(host.stack_environment && { stackEnvironment: host.stack_environment }),
    ...(host.machine && { machine: host.machine }),
    ...(host.volume && { volume: host.volume }),
    ...(cutover && {
      cutover: {
        stacks: cutover.stacks.map(absolute),
        retain: cutover.retain,
        ...(cutover.abort_window !== undefined && { abortWindow: cutover.abort_window }),
      },
    }),
  }
  return stack ? { ...base, stack: absolute(stack) } : base
}

const toPolicy = ({ out_of_order, ...policy }: ConfigFile['environments'][string]['policy']): Policy => ({
  outOfOrder: out_of_order,
  ...policy,
})

/**
 * The environment of that name, with its host and its databases (all, or those of `--db`).
 * @throws AppError (exit 2) for an unknown name, with the nearest match.
 */
export const resolveEnvironment = (
  config: Config,
  name: string,
  only: readonly string[] = [],
): Environment => {
  const { host, network, lock_timeout, suffix, policy, auth, ...given } = pick(
    'environment',
    name,
    config.environments,
  )
  const { engine, confirm, service, port, user, maintenance, wait } = given
  return {
    name,
    host: host ? resolveHost(config, host) : { name: 'local' },
    engine,
    network: network ?? '',
    confirm,
    policy: toPolicy(policy),
    service,
    port,
    user,
    maintenance,
    ...(auth === 'any' && { auth }),
    wait,
    lockTimeout: lock_timeout,
    databases: resolveDatabases(config, suffix, only),
  }
}

export const dbmateImage = ({ dbmate: { image, digest } }: Config): string =>
  digest ? `${image}@${digest}` : image

/** Names of the environments on this host, in the config's order. */
export const hostEnvironments = (config: Config, host: string): string[] =>
  Object.keys(config.environments).filter((name) => config.environments[name]?.host === host)

/** Names on the server of every database that environments of this host manage. */
export const managedOn = (config: Config, host: string): string[] =>
  hostEnvironments(config, host).flatMap((name) =>
    resolveEnvironment(config, name).databases.map(({ database }) => database),
  )

export const hostNetworks = (config: Config, host: string): string[] => [
  ...new Set(
    Object.values(config.environments)
      .filter((environment) => environment.host === host)
      .flatMap(({ network }) => network ?? []),
  ),
]
