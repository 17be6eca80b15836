import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeDirectories } from '../../make-directories.ts'
import type { ManagedDatabase } from '../../model/types.ts'
import { type DbmateCall, dbmateArguments, sessionVariables, verbOf } from '../dbmate/command.ts'
import type { Dbmate, DbmateResult, PlannedFile } from '../dbmate/dbmate.ts'
import type { Shell } from '../host/shell.ts'

export type EmbeddedDbmateOptions = {
  shell: Shell
  /** dbmate's binary. */
  binary: string
  run: string
  address: string
  port: number
  user: string
  /** A directory of this run's own: made here, removed at the end. */
  work: string
  files: readonly PlannedFile[]
}

const fileDirectory = (work: string, { managed, migration, batch }: PlannedFile): string =>
  join(work, managed.name, batch ?? migration.version)

const writeFiles = ({ work, files }: EmbeddedDbmateOptions): void => {
  rmSync(work, { recursive: true, force: true })
  makeDirectories(work, 0o700)
  for (const file of files) {
    const directory = fileDirectory(work, file)
    makeDirectories(directory, 0o700)
    writeFileSync(join(directory, file.migration.file), file.migration.text, { mode: 0o600 })
  }
}

const abortable = () => {
  const controller = new AbortController()
  return { signal: controller.signal, abort: async (): Promise<void> => controller.abort() }
}

/** dbmate as a process of this machine, once a file, each time with a directory that holds only that file. */
export const openEmbeddedDbmate = async (options: EmbeddedDbmateOptions): Promise<Dbmate> => {
  const { shell, binary, run, address, port, user, work } = options
  writeFiles(options)
  // dbmate would read a .env of the working directory: this one is never there.
  const noEnvFile = ['--env-file', join(work, '.env')]
  const { signal, abort } = abortable()
  const call = async (
    managed: ManagedDatabase,
    verb: DbmateCall['verb'],
    directory: string,
  ): Promise<DbmateResult> => {
    const args = dbmateArguments({ managed, verb, directory, address, port, user })
    const env = sessionVariables({ run, work })
    const { exitCode, stdout, stderr } = await shell(binary, [...noEnvFile, ...args], {
      env,
      signal,
      isWork: true,
    })
    return { exitCode: signal.aborted ? null : exitCode, output: `${stdout}\n${stderr}` }
  }
  return {
    // PGlite has one backend: nothing to wait for, and no connection to check.
    migrate: (direction, file) => call(file.managed, verbOf(direction), fileDirectory(work, file)),
    abort,
    [Symbol.asyncDispose]: async () => rmSync(work, { recursive: true, force: true }),
  }
}
