import { accessSync, constants, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { usageError } from '../../errors.ts'
import { makeDirectories } from '../../make-directories.ts'
import type { Credentials } from '../../model/types.ts'
import { dbmateArguments, pgpass, sessionVariables, verbOf } from '../dbmate/command.ts'
import { fileDirectory } from '../dbmate/container.ts'
import type { Dbmate, PlannedFile } from '../dbmate/dbmate.ts'
import type { Way } from '../docker/way.ts'
import { keepAliveOptions } from '../postgres/connection.ts'
import { tlsFiles, tlsKeyName } from '../postgres/tls-files.ts'
import { holdText } from './held-text.ts'
import { runGroup } from './run-group.ts'

export type NativeDbmateOptions = {
  /** dbmate's binary. */
  file: string
  path: string | undefined
  run: string
  /** A directory of this run's own: made here, removed at the end. */
  work: string
  address: string
  port: number
  way: Way
  credentials: Credentials
  files: readonly PlannedFile[]
}

const noRoom = (directory: string, cause: unknown): Error =>
  usageError(
    `The files for dbmate cannot be written to ${directory}: ${(cause as Error).message}.`,
    'export TMPDIR=DIRECTORY, one that this user can write to; in a container: --tmpfs /tmp',
  )

/** @throws AppError (exit 2) where a run's directory cannot be made: asked before anything is begun. */
export const requireRoom = (temporary: string): void => {
  try {
    accessSync(temporary, constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw noRoom(temporary, cause)
  }
}

type Written = { work: string; held: DisposableStack }

const write = ({ work, files, credentials, way }: NativeDbmateOptions): Written => {
  const held = new DisposableStack()
  held.defer(() => rmSync(work, { recursive: true, force: true }))
  try {
    makeDirectories(work, 0o700)
    held.use(holdText(pgpass(credentials.password), { directory: work, name: '.pgpass' }))
    for (const { name, text } of tlsFiles(way.tls)) {
      if (name === tlsKeyName) held.use(holdText(text, { directory: work, name }))
      else writeFileSync(join(work, name), text, { mode: 0o600 })
    }
    for (const file of files) {
      const directory = join(work, fileDirectory(file))
      makeDirectories(directory, 0o700)
      writeFileSync(join(directory, file.migration.file), file.migration.text, { mode: 0o600 })
    }
    return { work, held }
  } catch (cause) {
    held.dispose()
    throw noRoom(work, cause)
  }
}

/**
 * dbmate as a process of this machine, once a file, each time with a directory that holds only that file. Its environment is what
 * a container's is, and its working directory has no .env.
 * @throws AppError (exit 2) where there is no room for its files.
 */
export const openNativeDbmate = (options: NativeDbmateOptions): Dbmate => {
  const { file, path, run, address, port, way, credentials } = options
  const { work, held } = write(options)
  const ending = new AbortController()
  const { user, password } = credentials
  return {
    migrate: async (direction, planned, settings) => {
      const directory = join(work, fileDirectory(planned))
      const { managed } = planned
      const verb = verbOf(direction)
      const args = dbmateArguments({ managed, verb, directory, address, port, user, way: { way, work } })
      const env = {
        ...sessionVariables({ run, work }),
        PGOPTIONS: `${settings} ${keepAliveOptions}`,
        // Nobody's: lib/pq would take certificates and authorities from ~/.postgresql.
        HOME: work,
        // For a wrapper, such as npm's.
        ...(path && { PATH: path }),
      }
      const { exitCode, output } = await runGroup(file, args, { cwd: work, env, signal: ending.signal })
      return { exitCode, output: password.redact(output) }
    },
    abort: async () => ending.abort(),
    [Symbol.asyncDispose]: async () => {
      ending.abort()
      held.dispose()
    },
  }
}
