import { defaultMaintenance } from '../model/sql.ts'
import type { Environment, Fleet, FleetSource, ManagedDatabase } from '../model/types.ts'
import { databaseNames, isFleet, locateDatabase, memberIn, resolveDatabases } from './databases.ts'
import type { Config } from './load.ts'
import { usualRollout } from './schema/fleet.ts'

type Place = { environment: string; suffix: string; only: readonly string[] }

/** Environments on the same host: whose databases may stand beside. */
const besides = (config: Config, environment: string) => {
  const host = config.environments[environment]?.host
  return Object.values(config.environments).filter((other) => other.host === host)
}

/** Names on the server that no fleet may have: those of databases that the config names, and Postgres' own. */
const takenNames = (config: Config, environment: string): string[] => {
  const single = databaseNames(config).filter((name) => !isFleet(config, name))
  const managed = besides(config, environment).flatMap(({ suffix }) =>
    single.map((name) => locateDatabase(config, suffix, name).database),
  )
  const { maintenance } = config.environments[environment] ?? {}
  return [
    ...new Set([...managed, maintenance ?? defaultMaintenance, defaultMaintenance, 'template0', 'template1']),
  ]
}

const sourceOf = (config: Config, name: string, { environment, suffix }: Place): FleetSource => {
  const { query, pattern = '', list, database } = config.databases?.[name]?.from ?? {}
  if (list) return { list }
  if (query === undefined) return { pattern }
  if (database === undefined)
    return { query, database: config.environments[environment]?.maintenance ?? defaultMaintenance }
  return databaseNames(config).includes(database)
    ? { query, database: locateDatabase(config, suffix, database).database, managed: database }
    : { query, database }
}

const fleetOf = (config: Config, name: string, place: Place): Omit<Fleet, 'after'> => {
  const { suffix = true, create = false, rollout = usualRollout } = config.databases?.[name] ?? {}
  const { directory, migrationsTable, searchPath } = locateDatabase(config, '', name)
  const own = suffix ? place.suffix : ''
  const keys = place.only.flatMap((typed) => {
    const found = memberIn(config, typed)
    return found?.fleet === name ? [found.key] : []
  })
  const others = besides(config, place.environment).map((environment) => environment.suffix)
  return {
    name,
    common: { directory, migrationsTable, ...(searchPath && { searchPath }) },
    from: sourceOf(config, name, place),
    suffix: own,
    create,
    rollout: { canary: rollout.canary, wave: rollout.wave, maxFailures: rollout.max_failures },
    ...(keys.length > 0 && !place.only.includes(name) && { only: [...new Set(keys)] }),
    taken: takenNames(config, place.environment),
    otherSuffixes: [...new Set(others)].filter((other) => other.length > own.length && other.endsWith(own)),
  }
}

/**
 * The managed databases of an environment and its fleets, or those named: NAME, FLEET, FLEET/NAME.
 * @throws AppError (exit 2) as `resolveDatabases`.
 */
export const resolveManaged = (config: Config, place: Place): Pick<Environment, 'databases' | 'fleets'> => {
  const names = place.only.map((typed) => memberIn(config, typed)?.fleet ?? typed)
  const databases: ManagedDatabase[] = []
  const fleets: Fleet[] = []
  for (const managed of resolveDatabases(config, place.suffix, names)) {
    if (isFleet(config, managed.name))
      fleets.push({ ...fleetOf(config, managed.name, place), after: databases.length })
    else databases.push(managed)
  }
  return { databases, ...(fleets.length > 0 && { fleets }) }
}
