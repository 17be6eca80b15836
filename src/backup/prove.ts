import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, exitCodes } from '../errors.ts'
import type { Docker } from '../io/docker/docker.ts'
import type { DumpProgress } from '../io/postgres/dump-tool.ts'
import { readServerInventory } from '../io/postgres/inventory.ts'
import { dropDatabase } from '../io/postgres/recreate-database.ts'
import { restoreRoles } from '../io/postgres/roles.ts'
import { openScratchServer, type ScratchServer } from '../io/postgres/scratch-server.ts'
import { compareRoles } from '../model/compare-inventories.ts'
import { type Manifest, majorOf, type Unproven } from '../model/manifest.ts'
import { parseRolePasswords } from '../model/role-passwords.ts'
import { scratchSuperuser } from '../model/scratch-superuser.ts'
import { checkFiles } from './check-files.ts'
import { type Filled, fillDatabase } from './fill.ts'

export type ProofRequest = {
  docker: Docker
  /** By which containers of runs belong to the real server. */
  id: string
  /** Where its tools are: its own container, where that is here. */
  container: string
  run: string
  directory: string
  manifest: Manifest
  onProgress: (what: string, progress: DumpProgress) => void
  signal?: AbortSignal
}

const unproven = (differences: readonly string[]): AppError =>
  new AppError('The backup is not proven: it differs from what was there.', {
    exitCode: exitCodes.failed,
    details: differences,
  })

/** A scratch server has databases already, `postgres` among them. */
const scratchName = 'restored'

/** Fills one, compares, and drops it again: the disk need hold only the largest. */
const proveDatabase = async (
  target: ScratchServer,
  held: Manifest['databases'][number],
  { directory, manifest, onProgress, signal }: ProofRequest,
): Promise<Filled> => {
  const filled = await fillDatabase({
    ...{ target, directory, held, name: scratchName, scratch: true },
    major: majorOf(manifest.server.version),
    onProgress: (progress) => onProgress(held.inventory.name, progress),
    ...(signal && { signal }),
  })
  await using maintenance = await target.server.session(target.server.maintenance)
  await dropDatabase(maintenance.query, scratchName)
  return filled
}

/**
 * Restores a backup into a throwaway server of the image it came from, and compares every database, row counts included,
 * and every role with what was there at the snapshot.
 * @returns the materialized views that nobody could prove: what they read from is not in the backup.
 * @throws AppError (exit 1) with each difference, or with pg_restore's own words.
 */
export const proveBackup = async (request: ProofRequest): Promise<Unproven[]> => {
  const { docker, id, run, directory, manifest, signal } = request
  const { server, databases, roles, globals } = manifest
  const faults = await checkFiles(directory, [globals, ...databases], { signal })
  if (faults.length > 0) throw unproven(faults)
  await using scratch = await openScratchServer(docker, {
    image: server.image,
    run,
    environment: manifest.environment,
    project: manifest.project,
    user: scratchSuperuser(roles, server.user),
    postgres: id,
    memoryOf: request.container,
    databases: databases.map(({ inventory }) => inventory.name),
    preload: server.preload,
    ...(signal && { signal }),
  })
  const passwords = parseRolePasswords(await readFile(join(directory, globals.file), 'utf8'))
  await restoreRoles(scratch.server, roles, {
    passwords,
    major: majorOf(server.version),
    existing: 'complete',
  })
  const differences = compareRoles(roles, (await readServerInventory(scratch.server)).roles)
  const views: Unproven[] = []
  for (const held of databases) {
    const filled = await proveDatabase(scratch, held, request)
    differences.push(...filled.differences)
    views.push(...filled.empty.map((view) => ({ database: held.inventory.name, ...view })))
  }
  if (differences.length > 0) throw unproven(differences)
  return views
}
