import { realpathSync } from 'node:fs'
import { readAllGrants } from '../backup/apply-grants.ts'
import { readInventory } from '../io/postgres/inventory.ts'
import { readAllObjects } from '../io/postgres/objects.ts'
import type { Server } from '../io/postgres/postgres.ts'
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
import { type CarryWorld, keptRoles, planCarry, refuseUnmade, requireCarriable } from './plan/carry.ts'
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

/** Databases whose definitions are not to be compared: with files that are still to run, or written by another major version. */
const readBehind = async (
  { servers, environments }: SurveyOptions,
  { databases, isSameMajor }: { databases: readonly string[]; isSameMajor: boolean },
): Promise<Set<string>> => {
  if (!isSameMajor) return new Set(databases)
  const behind = new Set<string>()
  for (const name of environments) {
    const { server } = await servers.engine(name)
    for (const state of await readDatabases(servers.supplied(name).environment, server))
      if (unappliedFiles(state).length > 0) behind.add(state.managed.database)
  }
  return behind
}

const readCarryWorld = async (
  { servers, host, environments, drop }: SurveyOptions,
  { server, inventory }: { server: Server; inventory: Inventory },
): Promise<CarryWorld> => {
  const managed = environments.flatMap((name) =>
    servers.supplied(name).environment.databases.map(({ database }) => database),
  )
  const [closed, ties] = await Promise.all([readClosedDatabases(server), readTies(server)])
  const own = [defaultMaintenance, server.maintenance]
  return { host: host.name, inventory, managed, own, closed, ties, drop }
}

const findCheckouts = ({ servers, environments, directory: here }: SurveyOptions): Survey['checkouts'] =>
  environments
    .map((environment) => ({ environment, directory: servers.supplied(environment).config.directory }))
    .filter(({ directory }) => realpathSync(directory) !== realpathSync(here))

/** The migrations on an empty server with the roles and the grants that come along. */
const rehearseCarried = async (
  options: SurveyOptions,
  { server, carry, databases }: { server: Server; carry: CarryWorld; databases: readonly string[] },
  context: Context,
): Promise<Rehearsal> => {
  const { servers, environments } = options
  const { inventory } = carry
  const superuser = servers.supplied(environments[0] ?? '').environment.user
  const roles = rolesAmong(inventory.roles, { there: new Set(keptRoles(carry)), superuser })
  const open = inventory.databases.map(({ name }) => name).filter((name) => databases.includes(name))
  const grants = await readAllGrants(server, open)
  return rehearse({ ...options, inventory: { ...inventory, roles }, databases, grants }, context)
}

/**
 * Looks at everything that the cutover will need and destroy, and rehearses the migrations; changes nothing. What can be
 * refused without the rehearsal is refused before it, which takes its time.
 * @throws AppError: exit 2 a migration fails on an empty server, 4 something cannot come along, or there is no room.
 */
export const survey = async (options: SurveyOptions, context: Context): Promise<Survey> => {
  const { servers, environments, report } = options
  await servers.lock()
  report.progress('reading what is there')
  const { server } = await servers.engine(environments[0] ?? '')
  const inventory = await readInventory(server)
  const { bytes, free, rate } = await measureHost(options)
  await checkRoom(options, { bytes, free, sizes: inventory.databases.map(({ size }) => size) })
  const carry = await readCarryWorld(options, { server, inventory })
  requireCarriable(carry)
  const { managed, own } = carry
  const databases = [...managed, ...own, 'template1']
  const present = await readAllObjects(server, databases)
  const rehearsal = await rehearseCarried(options, { server, carry, databases }, context)
  const isSameMajor = majorOf(inventory.version) === majorOf(rehearsal.version)
  const behind = await readBehind(options, { databases, isSameMajor })
  const unmade = findUnmade({ present, rebuilt: rehearsal.objects, inventory, behind })
  refuseUnmade(unmade, carry)
  const carried = planCarry(carry, rehearsal.roles)
  const prediction = predictDowntime({
    bytes,
    rate,
    migrations: rehearsal.ms,
    carried: sizeOf(inventory, carried.databases),
  })
  const checkouts = findCheckouts(options)
  const system = (await readSystemSettings(server)).map(nameOfSetting)
  const { given } = rehearsal
  return { inventory, managed, own, carried, unmade, given, system, prediction, bytes, checkouts }
}
