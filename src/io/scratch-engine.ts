import { Secret } from '../model/secret.ts'
import { sessionName } from '../model/session.ts'
import { openDbmate } from './dbmate/dbmate.ts'
import { readLogged } from './docker/read-logged.ts'
import type { Engine } from './engine.ts'
import { endSessions } from './postgres/backends.ts'
import type { Server } from './postgres/postgres.ts'
import type { ScratchServer } from './postgres/scratch-server.ts'

export type ScratchEngineOptions = {
  /** dbmate's image. */
  image: string
  environment: string
  project: string
  /** By which the real server is known: what a dead run left is found by it. */
  postgres: string
  /** Whose sessions ask, and migrate; left out: the superuser's. */
  server?: Server
}

/** The real engine's ways, on a server that nobody knows. */
export const scratchEngine = (
  scratch: ScratchServer,
  real: Engine,
  { image, environment, project, postgres, server = scratch.server }: ScratchEngineOptions,
): Engine => ({
  server,
  imageId: real.imageId,
  cancel: (database) => endSessions(server, sessionName(scratch.run, 'dbmate'), database),
  missingImage: async () => undefined,
  pull: async () => {},
  openDbmate: (files) =>
    openDbmate(scratch.docker, {
      ...{ image, environment, project, files },
      run: scratch.run,
      databases: files.map(({ managed }) => managed.database),
      postgres: { id: scratch.container, address: scratch.address, port: scratch.port },
      server: postgres,
      credentials: { user: server.user, password: new Secret('') },
    }),
  logged: (statement, since) => readLogged(scratch.docker, scratch.container, { statement, since }),
  [Symbol.asyncDispose]: async () => {},
})
