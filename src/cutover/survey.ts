import { realpathSync } from 'node:fs'
import { readAllGrants } from '../backup/apply-grants.ts'
import { readInventory } from '../io/postgres/inventory.ts'
import { readAllObjects } from '../io/postgres/objects.ts'
import { readClosedDatabases, readSystemSettings, readTies } from '../io/postgres/server-settings.ts'
import type { Context } from '../model/context.ts'
import type { CutoverFrame } from '../model/cutover.ts'
import { unappliedFiles } from '../model/history.ts'
import { type Inventory, rolesAmong } from '../model/inventory.ts'
import { majorOf } from '../model/manifest.ts'
import { type Prediction, predictDowntime } from '../model/prediction.ts'
import { defaultMaintenance, nameOfSetting } from '../model/sql.ts'
import { findUnmade, type Unmade } from '../model/unmade.ts'
import { readDatabases } from '../run/world.ts'
import { checkRoom, measureHost } from './disk-space.ts'
import { droppedRoles, planCarry, refuseUnmade } from './plan/carry.ts'
import { type Rehearsal, rehearse } from './rehearse.ts'
import type { CutoverTools } from './tools.ts'

export type SurveyOptions = Pick<
  CutoverTools,
  'docker' | 'host' | 'passEnv' | 'servers' | 'run' | 'image' | 'state' | 'report' | 'stop'
> & {
  environments: readonly string[]
  drop: readonly string[]
  /** Of the config that runs. */
  directory: string
}

/** What is on the server, what of it comes along, and how long the services will be down. */
export type Survey = {
  inventory: Inventory
  managed: readonly string[]
  /** Databases that a new server has before any migration. */
  own: readonly string[]
  carried: CutoverFrame['carried']
  /** What of the managed databases was given up. */
  unmade: readonly Unmade[]
  /** By database, what no migration gives. */
  given: Rehearsal['given']
  /** Names of what ALTER SYSTEM set. */
  system: readonly string[]
  prediction: Prediction
  bytes: number
  /** Environments that are migrated from another checkout than the one that runs. */
  checkouts: readonly { environment: string; directory: string }[]
}

const sizeOf = ({ databases }: Inventory, names: readonly string[]): number =>
  databases.filter(({ name }) => names.includes(name)).reduce((sum, { size }) => sum + size, 0)

/** Databases with files that are still to run. */
const readBehind = async ({ servers, environments }: SurveyOptions): Promise<Set<string>> => {
  const behind = new Set<string>()
  for (const name of environments) {
    const { server } = await servers.engine(name)
    for (const state of await readDatabases(servers.supplied(name).environment, server))
      if (unappliedFiles(state).length > 0) behind.add(state.managed.database)
  }
  return behind
}

/**
 * Looks at everything that the cutover will need and destroy, and rehearses the migrations; changes nothing.
 * @throws AppError: exit 2 a migration fails on an empty server, 4 something cannot come along, or there is no room.
 */
export const survey = async (options: SurveyOptions, context: Context): Promise<Survey> => {
  const { servers, host, environments, drop, report } = options
  const [first = ''] = environments
  await servers.lock()
  report.progress('reading what is there')
  const { server } = await servers.engine(first)
  const inventory = await readInventory(server)
  const { bytes, free, rate } = await measureHost(options)
  await checkRoom(options, { bytes, free, sizes: inventory.databases.map(({ size }) => size) })
  const managed = environments.flatMap((name) =>
    servers.supplied(name).environment.databases.map(({ database }) => database),
  )
  // Refused before the rehearsal, which takes its time.
  const [closed, ties] = await Promise.all([readClosedDatabases(server), readTies(server)])
  const own = [defaultMaintenance, server.maintenance]
  const carry = { host: host.name, inventory, managed, own, closed, ties, drop }
  planCarry({ ...carry, rebuiltRoles: [] })
  const dropped = new Set(droppedRoles(carry))
  const roles = new Set(inventory.roles.map(({ name }) => name).filter((name) => !dropped.has(name)))
  const databases = [...managed, ...own, 'template1']
  const present = await readAllObjects(server, databases)
  const open = inventory.databases.map(({ name }) => name).filter((name) => databases.includes(name))
  const rehearsal = await rehearse(
    {
      ...options,
      inventory: {
        ...inventory,
        roles: rolesAmong(inventory.roles, {
          there: roles,
          superuser: servers.supplied(first).environment.user,
        }),
      },
      databases,
      grants: await readAllGrants(server, open),
    },
    context,
  )
  // Another major version writes the same view in another way.
  const isSameMajor = majorOf(inventory.version) === majorOf(rehearsal.version)
  const behind = isSameMajor ? await readBehind(options) : new Set(databases)
  const unmade = findUnmade({ present, rebuilt: rehearsal.objects, inventory, behind })
  refuseUnmade(unmade, { host: host.name, drop })
  const carried = planCarry({ ...carry, rebuiltRoles: rehearsal.roles })
  const prediction = predictDowntime({
    bytes,
    rate,
    migrations: rehearsal.ms,
    carried: sizeOf(inventory, carried.databases),
  })
  const checkouts = environments
    .map((environment) => ({ environment, directory: servers.supplied(environment).config.directory }))
    .filter(({ directory }) => realpathSync(directory) !== realpathSync(options.directory))
  const system = (await readSystemSettings(server)).map(nameOfSetting)
  const { given } = rehearsal
  return { inventory, managed, own, carried, unmade, given, system, prediction, bytes, checkouts }
}
