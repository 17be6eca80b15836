import { AppError, exitCodes } from '../errors.ts'
import { openDbmate } from '../io/dbmate.ts'
import type { Engine } from '../io/engine.ts'
import { readServerInventory } from '../io/inventory.ts'
import { readAllObjects } from '../io/objects.ts'
import { endBackends } from '../io/orphans.ts'
import { restoreRoles } from '../io/roles.ts'
import { openScratchServer, readImageOf, type ScratchServer } from '../io/scratch-server.ts'
import type { Context } from '../model/context.ts'
import type { Inventory } from '../model/inventory.ts'
import { majorOf } from '../model/manifest.ts'
import { Secret } from '../model/secret.ts'
import type { Objects } from '../model/unmade.ts'
import type { CutoverTools } from './cutover-tools.ts'
import { migrateEnvironment } from './migrate-environment.ts'

export type RehearseOptions = Pick<CutoverTools, 'docker' | 'servers' | 'run' | 'report' | 'stop'> & {
  environments: readonly string[]
  inventory: Inventory
  /** Whose objects are of interest afterwards. */
  databases: readonly string[]
}

/** What the rehearsal found: how long the migrations take, which roles an empty server has, and what they make in it. */
export type Rehearsal = { ms: number; roles: readonly string[]; objects: Objects }

/** The real engine's ways, on a server that nobody knows. */
const engineOn = (
  scratch: ScratchServer,
  real: Engine,
  { run, image, environment }: { run: string; image: string; environment: string },
): Engine => ({
  server: scratch.server,
  imageId: real.imageId,
  cancel: () => endBackends(scratch.server, run),
  missingImage: async () => undefined,
  pull: async () => {},
  openDbmate: (files) =>
    openDbmate(scratch.docker, {
      image,
      run,
      environment,
      databases: files.map(({ managed }) => managed.database),
      postgres: { id: scratch.container, address: scratch.address, port: scratch.port },
      credentials: { user: scratch.user, password: new Secret('') },
      files,
    }),
  logged: async () => [],
  [Symbol.asyncDispose]: async () => {},
})

const refuse = (error: unknown, name: string): unknown => {
  if (!(error instanceof AppError)) return error
  return new AppError(`The migrations of ${name} do not run on an empty server: ${error.message}`, {
    exitCode: exitCodes.usage,
    details: [...error.details, 'It was a throwaway server. Nothing was touched.'],
    ...(error.hint && { hint: error.hint }),
    cause: error,
  })
}

/**
 * Applies every migration of all environments to an empty throwaway server of the same image, with the roles that will be
 * there: what fails here would fail after the wipe.
 * @throws AppError (exit 2) with the migration's error.
 */
export const rehearse = async (options: RehearseOptions, context: Context): Promise<Rehearsal> => {
  const { docker, servers, run, report, stop, environments, inventory, databases } = options
  const [first = ''] = environments
  const real = await servers.engine(first)
  const { environment: firstOne } = servers.supplied(first)
  const container = real.shared?.container ?? ''
  await using scratch = await openScratchServer(docker.docker, {
    image: await readImageOf(docker.docker, container),
    run,
    environment: first,
    user: firstOne.user,
    postgres: container,
    databases: [],
    preload: inventory.preload,
    signal: stop,
  })
  const own = (await readServerInventory(scratch.server)).roles.map(({ name }) => name)
  // Their passwords are no business of a server without a lock on its door.
  await restoreRoles(scratch.server, inventory.roles, {
    passwords: new Map(),
    major: majorOf(inventory.version),
    existing: 'leave',
  })
  const before = performance.now()
  for (const name of environments) {
    const { config, environment } = servers.supplied(name)
    const { image, digest } = config.dbmate
    const reference = digest ? `${image}@${digest}` : image
    const engine = engineOn(scratch, real, { run, image: reference, environment: name })
    const onProgress = (text: string): void => report.progress(`rehearsing ${name}: ${text}`)
    await migrateEnvironment({ config, environment, engine, run, onProgress }, context).catch((error) => {
      throw refuse(error, name)
    })
  }
  const ms = performance.now() - before
  return { ms, roles: own, objects: await readAllObjects(scratch.server, databases) }
}
