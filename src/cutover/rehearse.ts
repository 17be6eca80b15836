import { carryGrants, type Grants } from '../backup/apply-grants.ts'
import { dbmateImage } from '../config/resolve.ts'
import { AppError, exitCodes } from '../errors.ts'
import { readDatabaseService } from '../io/docker/compose-parts.ts'
import { readImageId } from '../io/docker/image.ts'
import { readDatabaseNames, readServerInventory } from '../io/postgres/inventory.ts'
import { readAllObjects } from '../io/postgres/objects.ts'
import { restoreRoles } from '../io/postgres/roles.ts'
import { openScratchServer, type ScratchServer } from '../io/postgres/scratch-server.ts'
import { scratchEngine } from '../io/scratch-engine.ts'
import type { Context } from '../model/context.ts'
import { isReset, newCutover } from '../model/cutover.ts'
import type { Inventory } from '../model/inventory.ts'
import { majorOf } from '../model/manifest.ts'
import type { Objects } from '../model/unmade.ts'
import { migrateEnvironment } from '../run/migrate-environment.ts'
import type { CutoverTools } from './tools.ts'

export type RehearseOptions = Pick<
  CutoverTools,
  'state' | 'docker' | 'host' | 'passEnv' | 'servers' | 'run' | 'report' | 'stop'
> & {
  environments: readonly string[]
  /** Libraries that the server loads, and the roles that will be there. */
  inventory: Pick<Inventory, 'preload' | 'roles'>
  /** Whose objects are of interest afterwards. */
  databases: readonly string[]
  /** What is to be given again to what the migrations make. */
  grants: Grants
  /** `--drop`. */
  drop: readonly string[]
}

export type Rehearsal = {
  /** Of the server that will start, as `show server_version` has it. */
  version: string
  /** Milliseconds that the migrations took. */
  ms: number
  /** Of an empty server. */
  roles: readonly string[]
  /** That the migrations make in it. */
  objects: Objects
  /** By database, what no migration gives. */
  given: Readonly<Record<string, readonly string[]>>
}

const refuse = (error: unknown, name: string, stop: AbortSignal): unknown => {
  if (!(error instanceof AppError) || stop.aborted) return error
  return new AppError(`The migrations of ${name} do not run on an empty server: ${error.message}`, {
    exitCode: exitCodes.usage,
    details: [...error.details, 'It was a throwaway server.'],
    ...(error.hint && { hint: error.hint }),
    cause: error,
  })
}

/**
 * Applies every migration of all environments to an empty throwaway server of the image that will start, with the roles that
 * will be there: what fails here would fail after the wipe.
 * @throws AppError (exit 2) with the migration's error, (exit 4) for what cannot be granted again.
 */
export const rehearse = async (options: RehearseOptions, context: Context): Promise<Rehearsal> => {
  const { docker, host, passEnv, servers, run, state, report, stop, environments, inventory, databases } =
    options
  const [first = ''] = environments
  const real = await servers.engine(first)
  const { environment: firstOne } = servers.supplied(first)
  const container = real.shared?.id ?? ''
  const { service } = firstOne
  const { stack, volume } = host
  const { image } = await readDatabaseService(docker, { stack, passEnv, service, volume })
  await using scratch = await openScratchServer(docker.client, {
    image: await readImageId(docker.client, image),
    run,
    environment: first,
    project: state.project,
    user: firstOne.user,
    postgres: container,
    volume: host.volume,
    databases: [],
    preload: inventory.preload,
    signal: stop,
  })
  const { roles: ownRoles, version } = await readServerInventory(scratch.server)
  const own = ownRoles.map(({ name }) => name)
  // Their passwords are no business of a server without a lock on its door.
  await restoreRoles(scratch.server, inventory.roles, {
    passwords: new Map(),
    major: majorOf(version),
    existing: 'leave',
  })
  const before = performance.now()
  for (const name of environments) {
    const { config, environment } = servers.supplied(name)
    const place = { environment: name, project: state.project, postgres: container }
    const engine = scratchEngine(scratch, real, { ...place, image: dbmateImage(config) })
    const onProgress = (text: string): void => report.progress(`rehearsing ${name}: ${text}`)
    await migrateEnvironment({ config, environment, engine, run, onProgress }, context).catch((error) => {
      throw refuse(error, name, stop)
    })
  }
  const ms = performance.now() - before
  const given = await rehearseGrants(scratch, options)
  return { version, ms, roles: own, given, objects: await readAllObjects(scratch.server, databases) }
}

const rehearseGrants = async (
  { server }: ScratchServer,
  { inventory, grants, host, drop }: RehearseOptions,
): Promise<Rehearsal['given']> => {
  const present = new Set(await readDatabaseNames(server))
  const roles = new Set(inventory.roles.map(({ name }) => name))
  const given: Record<string, readonly string[]> = {}
  for (const [database, all] of Object.entries(grants)) {
    if (!present.has(database)) continue
    given[database] = await carryGrants(server, { database, grants: all, roles }).catch((cause) => {
      if (!(cause instanceof AppError)) throw cause
      throw new AppError(cause.message, {
        exitCode: exitCodes.refused,
        details: [...cause.details, 'Revoke it, or write a migration that grants it.'],
        hint: newCutover(host.name, drop, !isReset(host.cutover)),
        cause,
      })
    })
  }
  return given
}
