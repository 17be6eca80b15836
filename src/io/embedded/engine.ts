import { dirname, join } from 'node:path'
import { AppError, exitCodes } from '../../errors.ts'
import type { State } from '../../model/state.ts'
import type { Environment } from '../../model/types.ts'
import type { Engine } from '../engine.ts'
import type { Shell } from '../host/shell.ts'
import { dataDirectory } from './data-directory.ts'
import { openEmbeddedDbmate } from './dbmate.ts'
import { lockEmbedded } from './lock.ts'
import { type EmbeddedPackages, loadEmbeddedPackages } from './packages.ts'
import { connectEmbedded, type EmbeddedServer, startEmbeddedServer } from './server.ts'

export type EmbeddedEngineOptions = {
  environment: Environment
  /** The data lies in `embedded/ENVIRONMENT/DATABASE` below the project's directory. */
  state: State
  run: string
  shell: Shell
  /** Told while another run has the data open. */
  onWait: (seconds: number) => void
}

const startServer = async (directory: string, packages: EmbeddedPackages): Promise<EmbeddedServer> => {
  try {
    return await startEmbeddedServer(directory, packages)
  } catch (cause) {
    throw new AppError(`The embedded Postgres does not start on ${directory}: ${(cause as Error).message}.`, {
      exitCode: exitCodes.unreachable,
      hint: `its data can be made anew: rm -r ${dirname(directory)}`,
      cause,
    })
  }
}

/**
 * The engine for machines without Docker: Postgres in this process (PGlite), dbmate's binary beside it. Both come from
 * npm. One run at a time; no passwords; one backend for all sessions of a database.
 * @throws AppError (exit 2) outside an npm checkout, (exit 5) while another run has the data open.
 */
export const openEmbeddedEngine = async (options: EmbeddedEngineOptions): Promise<Engine> => {
  const { environment, state, run, shell, onWait } = options
  const packages = await loadEmbeddedPackages()
  const directory = dataDirectory(state, environment)
  const { name, wait, user } = environment
  const lock = await lockEmbedded({ path: `${directory}.lock`, environment: name, wait, onWait })
  let front: EmbeddedServer | undefined
  try {
    front = await startServer(directory, packages)
  } finally {
    if (!front) await lock[Symbol.asyncDispose]()
  }
  const { address, port, logged } = front
  const server = connectEmbedded(front, { user, run })
  const serving = front
  return {
    server,
    missingImage: async () => undefined,
    imageId: async () => 'embedded',
    cancel: async () => {},
    pull: async () => {},
    openDbmate: (files) =>
      openEmbeddedDbmate({
        ...{ shell, run, address, port, user, files },
        binary: packages.dbmate,
        work: join(directory, '.work'),
      }),
    logged: async (statement) => logged(statement),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await serving[Symbol.asyncDispose]()
      await lock[Symbol.asyncDispose]()
    },
  }
}
