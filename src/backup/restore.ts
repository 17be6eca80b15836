import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, exitCodes } from '../errors.ts'
import type { DumpProgress, DumpTarget } from '../io/postgres/dump-tool.ts'
import { dropDatabase } from '../io/postgres/recreate-database.ts'
import { restoreRoles } from '../io/postgres/roles.ts'
import type { Manifest } from '../model/manifest.ts'
import { parseRolePasswords } from '../model/role-passwords.ts'
import type { Swap } from '../model/step.ts'
import { failWith } from '../run/fail-with.ts'
import { renderEmptyViews } from './empty-views.ts'
import { fillDatabase } from './fill.ts'
import { swapDatabases } from './swap-databases.ts'

export type RestoreRequest = DumpTarget & {
  directory: string
  manifest: Manifest
  /** Major version of the server. */
  major: number
  onProgress: (what: string, progress: DumpProgress) => void
  /** A line of narration. */
  onNote: (text: string) => void
  signal?: AbortSignal
}

/** A restore in the making. What stands beside and was not swapped in is dropped when it is disposed of. */
export type Restore = AsyncDisposable & {
  /** Creates these roles as the backup has them; those that are there already stay untouched. */
  createRoles: (names: readonly string[]) => Promise<void>
  /** Restores a database of the backup under another name, and compares. @throws AppError (exit 1): it differs. */
  restoreBeside: (database: string, beside: string) => Promise<void>
  swap: (swaps: readonly Swap[]) => Promise<void>
  drop: (database: string) => Promise<void>
}

const differs = (database: string, differences: readonly string[]): AppError =>
  new AppError(`${database} is not what was backed up: restored, it differs.`, {
    exitCode: exitCodes.failed,
    details: differences,
  })

const fill = async (request: RestoreRequest, database: string, name: string): Promise<void> => {
  const { server, directory, manifest, major, onProgress, onNote, signal } = request
  const held = manifest.databases.find(({ inventory }) => inventory.name === database)
  if (!held) throw new Error(`${database} is not in the backup`)
  const { differences, empty } = await fillDatabase({
    ...{ target: request, directory, held, name, major },
    onProgress: (progress) => onProgress(database, progress),
    ...(signal && { signal }),
  })
  if (differences.length > 0) throw differs(database, differences)
  for (const line of renderEmptyViews(server, database, empty)) onNote(line)
}

const dropAll = async ({ server }: RestoreRequest, names: ReadonlySet<string>): Promise<void> => {
  if (names.size === 0) return
  await using session = await server.session(server.maintenance)
  for (const name of names) await dropDatabase(session.query, name)
}

/** Restores databases of a backup beside the present ones, which stay as they are until the swap. */
export const openRestore = (request: RestoreRequest): Restore => {
  const { server, directory, manifest, major, onNote, signal } = request
  const beside = new Set<string>()
  return {
    createRoles: async (names) => {
      const passwords = parseRolePasswords(await readFile(join(directory, manifest.globals.file), 'utf8'))
      const roles = manifest.roles.filter(({ name }) => names.includes(name))
      await restoreRoles(server, roles, { passwords, major, existing: 'leave' }).catch(
        failWith('The roles could not be created'),
      )
      if (manifest.rolePasswords === false)
        onNote(`${names.join(', ')}: without a password, since whoever made the backup could not read them`)
    },
    restoreBeside: async (database, name) => {
      beside.add(name)
      // Ends what fills and counts it.
      const abandon = (): void => void dropAll(request, beside).catch(() => {})
      signal?.addEventListener('abort', abandon)
      await fill(request, database, name)
        .catch(failWith(`${database} could not be restored`))
        .finally(() => signal?.removeEventListener('abort', abandon))
    },
    swap: async (swaps) => {
      await swapDatabases(server, swaps)
      beside.clear()
    },
    drop: (database) =>
      dropAll(request, new Set([database])).catch(failWith(`${database} could not be dropped`)),
    [Symbol.asyncDispose]: () =>
      dropAll(request, beside).catch((cause: Error) => {
        const names = [...beside].join(', ')
        onNote(`${names} may have stayed beside, and the next run drops what did: ${cause.message}`)
      }),
  }
}
