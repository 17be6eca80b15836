import { AppError, exitCodes } from '../errors.ts'
import { ownSessions } from '../model/few-sessions.ts'
import { sessionName } from '../model/session.ts'
import type { Docker } from './docker/docker.ts'
import { execSocket } from './docker/exec-stream.ts'
import type { DockerHost } from './docker/host.ts'
import { hasImage, readImageId } from './docker/image.ts'
import { readOwnAddress } from './docker/inside.ts'
import { findPostgres, type PostgresContainer } from './docker/postgres-container.ts'
import type { Engine } from './engine.ts'
import { endSessions } from './postgres/backends.ts'
import { openDirectRoute } from './postgres/direct-route.ts'
import { openLockSession, openServer } from './postgres/postgres.ts'
import { hasRoute } from './postgres/route.ts'
import type { ServerOptions } from './postgres/server-options.ts'
import type { ConnectionOptions } from './server-connection.ts'

export type DockerEngineOptions = ConnectionOptions & {
  project: string
  /** Ids that count as this one. */
  projects: readonly string[]
  /** dbmate's image. */
  image: string
}

/** Docker tells no address of some networks: then the container's own; loopback would be somebody else's. */
const addressOf = async (
  docker: Docker,
  { id, name, address }: PostgresContainer,
  network: string,
): Promise<string> => {
  const found = address || (await readOwnAddress(docker, id))
  if (found) return found
  throw new AppError(`${name} has no address on ${network}.`, {
    exitCode: exitCodes.unreachable,
    hint: `docker network disconnect ${network} ${name}; docker network connect ${network} ${name}`,
  })
}

const serverOptions = async (
  docker: Docker,
  { id, name, address: told, task }: PostgresContainer,
  options: DockerEngineOptions & { address: string },
): Promise<ServerOptions> => {
  const { environment, credentials, run, passwordHint, onWait, address, memory, note } = options
  const { port, auth } = environment
  const direct = told !== '' && !task && (await hasRoute(address, port))
  const route = { container: id, label: name, anyAuth: auth === 'any', memory, note }
  return {
    label: name,
    environment: environment.name,
    host: address,
    port,
    credentials,
    applicationName: sessionName(run, 'reader'),
    maintenance: environment.maintenance,
    wait: environment.wait * 1000,
    sessions: options.connections - ownSessions,
    passwordHint: passwordHint.replace('CONTAINER', name),
    onWait,
    socket: () => execSocket(docker, { container: id, address, port }),
    ...(direct && { direct: openDirectRoute(docker, route) }),
  }
}

/**
 * The real engine (its parts for work are loaded when there is some): Postgres in a container on the environment's network, dbmate in a container beside it.
 * @throws AppError (exit 6): no network, no Postgres on it.
 */
export const openDockerEngine = async (host: DockerHost, options: DockerEngineOptions): Promise<Engine> =>
  openContainerEngine(host, options, await findPostgres(host.client, options.environment))

/** The same with a container that was found otherwise. */
export const openContainerEngine = async (
  host: DockerHost,
  options: DockerEngineOptions,
  container: PostgresContainer,
): Promise<Engine> => {
  const { environment, project, credentials, image, run } = options
  const { client: docker } = host
  const known = container.task?.system
  const address = await addressOf(docker, container, environment.network)
  const connection = await serverOptions(docker, container, { ...options, address })
  const server = openServer(connection)
  return {
    server,
    shared: {
      docker,
      id: known ?? container.id,
      tools: async () => ({ image: container.image, container: container.id }),
      volumes: container.volumes,
      projects: options.projects,
      toolsImage: async () => container.image,
    },
    lockSession: () => openLockSession(connection, run),
    imageId: () => readImageId(docker, image),
    cancel: (database) => endSessions(server, sessionName(run, 'dbmate'), database),
    missingImage: async () => ((await hasImage(docker, image)) ? undefined : image),
    pull: async (reference, onProgress) => {
      const { pullFor } = await import('./docker/pull-for.ts')
      return pullFor(host, reference, onProgress)
    },
    followsDbmate: true,
    openDbmate: async (files, lane) => {
      const { openDbmate } = await import('./dbmate/dbmate.ts')
      return openDbmate(docker, {
        image,
        run,
        lane,
        environment: environment.name,
        project,
        databases: [...environment.databases, ...files.map(({ managed }) => managed)].map(
          ({ database }) => database,
        ),
        postgres: { id: container.id, address, port: environment.port },
        credentials,
        files,
        ...(known && { server: known }),
      })
    },
    logged: async (statement, since) => {
      const { readLogged } = await import('./docker/read-logged.ts')
      const lines = await readLogged(docker, container.id, { statement, since })
      return lines.map((line) => credentials.password.redact(line))
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
