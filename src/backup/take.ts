import { join } from 'node:path'
import { takeSequence } from '../io/host/sequence.ts'
import { dumpDatabase, dumpGlobals, type Written } from '../io/postgres/dump.ts'
import type { DumpOptions, DumpProgress, DumpTarget } from '../io/postgres/dump-tool.ts'
import {
  readDatabaseInventory,
  readSequences,
  readServerInventory,
  readSystemIdentifier,
} from '../io/postgres/inventory.ts'
import { readImageOf } from '../io/postgres/scratch-server.ts'
import { readPosition, type Snapshot } from '../io/postgres/snapshot.ts'
import { mayReadPasswords } from '../io/postgres/unreadable.ts'
import type { DatabaseInventory } from '../model/inventory.ts'
import type { BackupFile, Manifest, Removal, Unproven } from '../model/manifest.ts'
import type { State } from '../model/state.ts'
import { failWith } from '../run/fail-with.ts'
import { toolVersion } from '../version.ts'
import { backupName, openPartialBackup, type PartialBackup } from './directory.ts'
import { writeManifest } from './manifest.ts'
import { proveBackup } from './prove.ts'
import { pruneBackups } from './prune.ts'
import { openSnapshots } from './snapshots.ts'

export type BackupRequest = DumpTarget & {
  /** By which containers of runs belong to the server. */
  id: string
  /** What the backup is of: stands in the directory's name, in the manifest and on the scratch server. */
  environment: string
  state: State
  /** Where it is kept; in the state directory where nothing else is said. */
  place?: State
  /** The volume of the server's data. */
  volume: string | undefined
  /** Names on the server. */
  databases: readonly string[]
  onProgress: (what: string, progress: DumpProgress) => void
  /** Ends it; nothing is left then. */
  signal?: AbortSignal
  /** `later`: whoever restores it at once compares it then, and nothing else may rely on it before. */
  proof?: 'later'
}

export type KeptBackup = { directory: string; manifest: Manifest }

/** A backup in the making. Without `keep`, nothing of it is left when it is disposed of. */
export type Backup = AsyncDisposable & {
  dumpDatabase: (database: string) => Promise<void>
  dumpGlobals: () => Promise<void>
  /** Restores everything into a scratch server and compares. @throws AppError (exit 1): not proven. */
  prove: () => Promise<void>
  /** Gives the backup its name and its manifest. */
  keep: () => Promise<KeptBackup>
}

const fileOf = (file: string, { bytes, sha256 }: Written): BackupFile => ({ file, bytes, sha256 })

/** A database's name as a file's: most are; others are escaped as in a URL. */
const dumpFile = (database: string): string => `${encodeURIComponent(database)}.dump`
const globalsFile = 'globals.sql'

/** What is known at the moment of the snapshots. */
const readStart = async (request: BackupRequest) => {
  const { server, docker, container, user, environment, run, state, volume } = request
  const [image, { version, preload, roles, tablespaces }, position, systemIdentifier, passwords] =
    await Promise.all([
      readImageOf(docker, container),
      readServerInventory(server),
      readPosition(server),
      readSystemIdentifier(server),
      mayReadPasswords(server),
    ])
  const takenAt = new Date().toISOString()
  const base = {
    version: 1 as const,
    run,
    project: state.project,
    sequence: takeSequence(state, run),
    ...(volume && { volume }),
    ...(systemIdentifier && { systemIdentifier }),
    environment,
    takenAt,
    tool: toolVersion(),
    server: { version, image, preload, user },
    position,
    roles,
    tablespaces,
    ...(!passwords && { rolePasswords: false as const }),
  }
  return { base, snapshots: await openSnapshots(request) }
}

/** Side by side on one snapshot; when one of the two fails, the other is ended. */
const dumpAndCount = async (
  request: BackupRequest,
  { database, id, query }: Snapshot,
  options: DumpOptions,
): Promise<[DatabaseInventory, Written]> => {
  const failed = new AbortController()
  const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])])
  const refuse = failWith(`${database} cannot be counted`)
  // Before pg_dump reads them: later they could stand where the dump's never were.
  const sequences = await readSequences(query).catch(refuse)
  const dumping = dumpDatabase(request, { ...options, signal, database, snapshot: id })
  const counting = readDatabaseInventory(query, database).catch(refuse)
  try {
    const [inventory, written] = await Promise.all([counting, dumping])
    return [{ ...inventory, sequences }, written]
  } catch (error) {
    failed.abort()
    await dumping.catch(() => {})
    throw error
  }
}

/**
 * Takes the snapshots of all databases at once, so that their dumps are of one moment, however long they take.
 * @throws AppError (exit 6): the server is out of reach; (exit 1): the directory cannot be made.
 */
export const openBackup = async (request: BackupRequest): Promise<Backup> => {
  const { environment, run, state, place = state, onProgress, signal, proof } = request
  const { base, snapshots } = await readStart(request)
  const options = (what: string, file: string) => ({
    file,
    onProgress: (progress: DumpProgress) => onProgress(what, progress),
    ...(signal && { signal }),
  })
  let partial: PartialBackup
  try {
    partial = openPartialBackup(place, backupName(environment, run))
  } catch (error) {
    await snapshots[Symbol.asyncDispose]()
    throw error
  }
  const { directory } = partial
  const databases: Manifest['databases'][number][] = []
  let globals: BackupFile | undefined
  let provenAt: string | undefined
  let unproven: readonly Unproven[] = []
  const manifest = (): Manifest => {
    if (!globals) throw new Error('the roles come before the proof')
    return {
      ...base,
      globals,
      databases,
      ...(provenAt && { provenAt }),
      ...(unproven.length > 0 && { unproven }),
    }
  }
  return {
    dumpDatabase: async (database) => {
      const file = dumpFile(database)
      const [inventory, written] = await dumpAndCount(
        request,
        snapshots.of(database),
        options(database, join(directory, file)),
      )
      databases.push({ ...fileOf(file, written), inventory })
      await snapshots.release(database)
    },
    dumpGlobals: async () => {
      const passwords = base.rolePasswords !== false
      const written = await dumpGlobals(request, {
        ...options('roles', join(directory, globalsFile)),
        passwords,
      })
      globals = fileOf(globalsFile, written)
    },
    prove: async () => {
      unproven = await proveBackup({ ...request, directory, manifest: manifest() }).catch(
        failWith('The backup is not proven'),
      )
      provenAt = new Date().toISOString()
    },
    keep: async () => {
      if (!provenAt && proof !== 'later') throw new Error('only a proven backup is kept')
      const whole = manifest()
      await writeManifest(directory, whole)
      return { directory: await partial.keep(), manifest: whole }
    },
    [Symbol.asyncDispose]: async () => {
      await snapshots[Symbol.asyncDispose]()
      partial.discard()
    },
  }
}

export type WholeBackupRequest = BackupRequest & {
  /** How many backups of this name to keep, this one included; all when left out. */
  retain?: number
  /** Directories of backups that the run needs still. */
  needed?: readonly string[]
}

/**
 * Backs up these databases and all roles, proves the backup in a scratch server unless that comes later, and keeps it: all
 * or nothing.
 * @throws AppError (exit 1) naming the file and the cause, or each difference that the proof found; nothing is left then.
 */
export const takeBackup = async ({
  retain,
  needed = [],
  ...request
}: WholeBackupRequest): Promise<KeptBackup & { removal?: Removal }> => {
  await using backup = await openBackup(request)
  for (const database of request.databases) await backup.dumpDatabase(database)
  await backup.dumpGlobals()
  if (request.proof !== 'later') await backup.prove()
  const kept = await backup.keep()
  if (retain === undefined) return kept
  const { state, environment, databases } = request
  const keep = new Set([kept.directory, ...needed])
  return { ...kept, removal: pruneBackups({ state, of: environment, retain, managed: databases, keep }) }
}
