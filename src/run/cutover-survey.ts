import { realpathSync } from 'node:fs'
import { freeBytes } from '../io/disk.ts'
import { readInventory } from '../io/inventory.ts'
import { readAllObjects } from '../io/objects.ts'
import { readClosedDatabases, readTies } from '../io/server-settings.ts'
import type { Context } from '../model/context.ts'
import type { CutoverFrame } from '../model/cutover.ts'
import type { Inventory } from '../model/inventory.ts'
import { type Prediction, predictDowntime } from '../model/prediction.ts'
import { findUnmade, type Unmade } from '../model/unmade.ts'
import { planCarry, refuseUnmade } from '../plan/carry.ts'
import { measureHost, tooSmall } from './cutover-room.ts'
import type { CutoverTools } from './cutover-tools.ts'
import { rehearse } from './rehearse.ts'

export type SurveyOptions = Pick<
  CutoverTools,
  'docker' | 'host' | 'servers' | 'run' | 'image' | 'state' | 'report' | 'stop'
> & {
  environments: readonly string[]
  drop: readonly string[] /** Of the config that runs. */
  directory: string
}

/** What is on the server, what of it comes along, and how long the services will be down. */
export type Survey = {
  inventory: Inventory
  managed: readonly string[]
  carried: CutoverFrame['carried']
  /** What of the managed databases was given up. */
  unmade: readonly Unmade[]
  prediction: Prediction
  bytes: number
  /** Environments that are migrated from another checkout than the one that runs. */
  checkouts: readonly { environment: string; directory: string }[]
}

const sizeOf = ({ databases }: Inventory, names: readonly string[]): number =>
  databases.filter(({ name }) => names.includes(name)).reduce((sum, { size }) => sum + size, 0)

/** On every server, and not carried over. */
const builtIn = ['postgres', 'template1']

/** Size of a small cluster, for the throwaway server and the new one. */
const cluster = 100e6
/** A dump is smaller than what it is of; how much depends on the data, so nothing is taken for granted. */
const checkRoom = async (
  { state }: SurveyOptions,
  { bytes, free, inventory }: { bytes: number; free: number; inventory: Inventory },
): Promise<void> => {
  const all = inventory.databases.map(({ name }) => name)
  const largest = Math.max(0, ...inventory.databases.map(({ size }) => size))
  const needed = bytes + largest + 2 * cluster
  if (free < needed) throw tooSmall("Docker's disk", needed, free)
  const room = await freeBytes(state)
  const dumps = sizeOf(inventory, all) / 2
  if (room < dumps) throw tooSmall(state, dumps, room)
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
  await checkRoom(options, { bytes, free, inventory })
  const managed = environments.flatMap((name) =>
    servers.supplied(name).environment.databases.map(({ database }) => database),
  )
  // Refused before the rehearsal, which takes its time.
  const [closed, ties] = await Promise.all([readClosedDatabases(server), readTies(server)])
  const carry = { host: host.name, inventory, managed, closed, ties, drop }
  planCarry({ ...carry, rebuiltRoles: [] })
  const roles = inventory.roles.filter(({ name }) => !drop.includes(name))
  const databases = [...managed, ...builtIn]
  const present = await readAllObjects(server, databases)
  const rehearsal = await rehearse({ ...options, inventory: { ...inventory, roles }, databases }, context)
  const unmade = findUnmade(present, rehearsal.objects, inventory)
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
  return { inventory, managed, carried, unmade, prediction, bytes, checkouts }
}
