import { chmodSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, exitCodes } from '../errors.ts'
import { makeDirectories } from '../make-directories.ts'
import type { Manifest, Removal } from '../model/manifest.ts'
import { compareOrder, type Ordered } from '../model/order.ts'
import { runIdPattern } from '../model/session.ts'
import { allDirectories, ownDirectories, type State } from '../model/state.ts'
import { findManifest } from './manifest.ts'
import { ownerOf } from './owner.ts'

const setgid = 0o2000
/** Everybody who may migrate may back up, and remove what another's runs left. */
const groupOnly = 0o770

/** Mode below the state directory, whose group is inherited where it says so. */
const makeDirectory = (parent: string, path: string, mode: number): void => {
  makeDirectories(path)
  chmodSync(path, mode | (statSync(parent).mode & setgid))
}

const fail = (message: string, cause: unknown): AppError =>
  new AppError(`${message}: ${(cause as Error).message}.`, { exitCode: exitCodes.failed, cause })

const backupsOf = (directory: string): string => join(directory, 'backups')

/** Where the backups of a project are written. */
export const backupsDirectory = ({ directory }: State): string => backupsOf(directory)

/** What a cutover dumped once more after the applications had stopped. */
export const stoppedLabel = (host: string): string => `${host}-stopped`

/** `qual-20261122T185832-7f3a9c`. */
export const backupName = (of: string, run: string): string => `${of}-${run}`

const partialName = (name: string): string => `.${name}.partial`
const partial = /^\.(.*)\.partial$/

export type PartialBackup = {
  /** Where the files go. */
  directory: string
  /** Puts the directory under its own name, on the disk before it returns; answers its path. */
  keep: () => Promise<string>
  /** Removes it, when it was not kept. */
  discard: () => void
}

const noSync = new Set(['EINVAL', 'ENOTSUP', 'EBADF'])

/** A rename is on the disk when its directory is. */
const syncDirectory = async (path: string): Promise<void> => {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } catch (cause) {
    // Some shares sync no directory.
    if (!noSync.has((cause as NodeJS.ErrnoException).code ?? '')) throw cause
  } finally {
    await handle.close()
  }
}

/**
 * A new backup's directory, hidden until it is kept: what has a name is whole.
 * @throws AppError (exit 1) when it cannot be made.
 */
export const openPartialBackup = (state: State, name: string): PartialBackup => {
  const parent = backupsDirectory(state)
  const directory = join(parent, partialName(name))
  try {
    // Another place than the state directory may know no project yet.
    for (const path of [state.directory, parent])
      if (!existsSync(path)) makeDirectory(state.root, path, groupOnly)
    makeDirectory(parent, directory, groupOnly)
  } catch (cause) {
    throw fail(`The backup directory ${directory} cannot be made`, cause)
  }
  return {
    directory,
    keep: async () => {
      const kept = join(parent, name)
      try {
        await syncDirectory(directory)
        await rename(directory, kept)
        await syncDirectory(parent)
      } catch (cause) {
        throw fail(`The backup ${kept} cannot be kept`, cause)
      }
      return kept
    },
    discard: () => rmSync(directory, { recursive: true, force: true }),
  }
}

const list = (directory: string): string[] => {
  try {
    return readdirSync(directory).sort()
  } catch {
    return []
  }
}

const ownNames = (of: string): RegExp =>
  new RegExp(`^${of.replaceAll(/[^\w-]/g, '\\$&')}-(${runIdPattern.slice(1)})$`)

/** A kept backup; without a manifest nothing can be restored from it. `owner`: its project, where one is known. */
export type KeptBackup = Ordered & {
  directory: string
  manifest: Manifest | undefined
  owner: string | undefined
}

const readKept = (state: State, parent: string, of: string): KeptBackup[] => {
  const pattern = ownNames(of)
  return list(parent).flatMap((name) => {
    const run = pattern.exec(name)?.[1]
    if (run === undefined) return []
    const directory = join(parent, name)
    const manifest = findManifest(directory)
    const owner = ownerOf(directory, manifest, state)
    return { directory, manifest, owner, run, sequence: manifest?.sequence }
  })
}

/** The project's kept backups of an environment, oldest first, those that it took in included; never another project's. */
export const listBackups = (state: State, of: string): KeptBackup[] =>
  allDirectories(state)
    .flatMap((directory) => readKept(state, backupsOf(directory), of))
    .filter(({ owner }) => owner !== undefined && state.own.includes(owner))
    .sort(compareOrder)

/** Those of releases that knew no projects, which nobody took in yet. */
export const listOwnerless = (state: State, of: string): KeptBackup[] =>
  readKept(state, backupsOf(state.root), of).filter(({ owner }) => owner === undefined)

/** Never throws: what cannot be removed is in nobody's way but for its room. */
export const removeBackups = (directories: readonly string[]): Removal => {
  const removed: string[] = []
  const left: { directory: string; why: string }[] = []
  for (const directory of directories)
    try {
      rmSync(directory, { recursive: true, force: true })
      removed.push(directory)
    } catch (cause) {
      left.push({ directory, why: (cause as Error).message })
    }
  return { removed, left }
}

/** Removes what dead runs left half-done for an environment; `alive` are the runs that still work. */
export const removeAbandoned = (state: State, of: string, alive: ReadonlySet<string>): Removal => {
  const pattern = ownNames(of)
  const isAbandoned = (name: string): boolean => {
    const run = pattern.exec(partial.exec(name)?.[1] ?? '')?.[1]
    return run !== undefined && !alive.has(run)
  }
  return removeBackups(
    ownDirectories(state)
      .map(backupsOf)
      .flatMap((parent) =>
        list(parent)
          .filter(isAbandoned)
          .map((name) => join(parent, name)),
      ),
  )
}
