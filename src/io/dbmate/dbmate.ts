import type { Container } from 'dockerode'
import { AppError, exitCodes } from '../../errors.ts'
import type { Credentials, Direction, ManagedDatabase, Migration } from '../../model/types.ts'
import { type Docker, dockerMessage } from '../docker/docker.ts'
import { startFed } from '../docker/feed.ts'
import type { Way } from '../docker/way.ts'
import { keepAliveOptions } from '../postgres/connection.ts'
import { speak } from './calls.ts'
import { type DbmateCall, dbmateArguments, verbOf } from './command.ts'
import { buildArchive, createDbmateContainer, fileDirectory, work } from './container.ts'

/** How one call of dbmate ended; `exitCode` is null when its container died under it. */
export type DbmateResult = { exitCode: number | null; output: string }

/** dbmate, ready to be called once a database or file. */
export type Dbmate = AsyncDisposable & {
  /** Applies one file or rolls it back; `settings`: what the session starts with, as PGOPTIONS has it. */
  migrate: (direction: Direction, file: HeardFile, settings: string) => Promise<DbmateResult>
  /** Ends the running call at once; it answers with exit code null. */
  abort: () => Promise<void>
}

export type PlannedFile = {
  managed: ManagedDatabase
  migration: Migration
  /** Files of one database with the same are applied by one call, which names any of them. */
  batch?: string
}

/** `onOutput`: what dbmate says, as it comes, where the engine can tell. */
export type HeardFile = PlannedFile & { onOutput?: ((text: string) => void) | undefined }

export type DbmateOptions = {
  image: string
  run: string
  environment: string
  project?: string
  /**
   * Container of Postgres: dbmate joins its network namespace, a third of the start-up time of a new one. With a `way` it is
   * no container, and `id` is by what the server is known.
   */
  postgres: { id: string; address: string; port: number; way?: Way }
  credentials: Credentials
  files: readonly PlannedFile[]
  /** By what the real server is known, where `postgres` is one that ends with the run. */
  server?: string
  /** Which of several that run side by side. */
  lane?: number | undefined
  /** Names on the server that the run may touch: by these a later run knows what a dead one left. */
  databases: readonly string[]
}

type CallOptions = {
  settings: string
  /** Ends with the orchestrator: dbmate would begin the next file by itself. */
  isBound: boolean
  onOutput: ((text: string) => void) | undefined
}

const remove = async (container: Container): Promise<void> => {
  await container.remove({ force: true, v: true }).catch(() => {})
}

/**
 * Starts the one dbmate container of a run: non-root, read-only, without capabilities, in Postgres' network namespace.
 * The files and the password enter through stdin into a tmpfs: nothing lies on disk, in argv, env or `docker inspect`.
 * @throws AppError (exit 6) when the container cannot be made or started.
 */
export const openDbmate = async (docker: Docker, options: DbmateOptions): Promise<Dbmate> => {
  const { postgres, credentials } = options
  const archive = await buildArchive(options)
  let container: Container | undefined
  try {
    container = await createDbmateContainer(docker, options, archive)
    const { stream, output } = await startFed(docker, container, archive)
    const { call, close } = speak(stream, output, options.run)
    const started = container
    const run = async (
      managed: ManagedDatabase,
      { verb, directory }: Pick<DbmateCall, 'verb' | 'directory'>,
      { settings, isBound, onOutput }: CallOptions,
    ): Promise<DbmateResult> => {
      const { address, port, way } = postgres
      const { user, password } = credentials
      const args = dbmateArguments({
        ...{ managed, verb, directory, address, port, user },
        way: way && { way, work },
      })
      const { exitCode, output: said } = await call([settings, isBound ? 'bound' : '', ...args], onOutput)
      return { exitCode, output: password.redact(said) }
    }
    return {
      migrate: (direction, file, settings) =>
        run(
          file.managed,
          { verb: verbOf(direction), directory: `${work}/${fileDirectory(file)}` },
          {
            settings: `${settings} ${keepAliveOptions}`,
            isBound: file.batch !== undefined,
            onOutput: file.onOutput,
          },
        ),
      abort: () => remove(started),
      [Symbol.asyncDispose]: async () => {
        close()
        await remove(started)
      },
    }
  } catch (cause) {
    if (container) await remove(container)
    if (cause instanceof AppError) throw cause
    throw new AppError(`The dbmate container cannot be started: ${dockerMessage(cause)}.`, {
      exitCode: exitCodes.unreachable,
      hint: `po-migrate doctor ${options.environment}`,
      cause,
    })
  }
}
