import { AppError, usageError } from '../errors.ts'
import { sessionName } from '../model/session.ts'
import type { ServerAddress } from '../model/types.ts'
import { type Dbmate, openDbmate, type PlannedFile } from './dbmate/dbmate.ts'
import { openProbe } from './dbmate/probe.ts'
import { outwardSocket } from './docker/exec-stream.ts'
import type { DockerHost } from './docker/host.ts'
import { hasImage, readImageId } from './docker/image.ts'
import { pullFor } from './docker/pull-for.ts'
import { findWay, type Way } from './docker/way.ts'
import type { DockerEngineOptions } from './docker-engine.ts'
import type { Engine, Progress, Tools } from './engine.ts'
import type { ReachedAddress } from './postgres/address.ts'
import { endSessions } from './postgres/backends.ts'
import { type ClientContainer, openClientContainer } from './postgres/client-container.ts'
import { readMajor } from './postgres/inventory.ts'
import { openLockSession, openServer, type Server } from './postgres/postgres.ts'
import { connectionOf } from './server-connection.ts'

export type ServerEngineOptions = DockerEngineOptions & {
  address: ServerAddress
  /** The container from which alone the address is reached: its network is that of all that works on the server. */
  through?: string
}

type Opened = ServerEngineOptions & { host: DockerHost; server: Server; id: string; way: () => Promise<Way> }

const imageOf = ({ image }: ServerAddress, major: number): string => image ?? `postgres:${major}`

/** Postgres' tools, of the server's major: what another dumps, this server may not take back. */
const openTools = async (opened: Opened, onProgress: Progress): Promise<ClientContainer> => {
  const { host, server, id, way, environment, project, address, credentials, run } = opened
  const { client: docker } = host
  const major = await readMajor(server)
  const image = imageOf(address, major)
  if (!(await hasImage(docker, image))) await pullFor(host, image, onProgress)
  const tools = await openClientContainer(docker, {
    ...{ image, run, project, id, credentials, host: address.host, port: address.port },
    environment: environment.name,
    databases: environment.databases.map(({ database }) => database),
    way: await way(),
  })
  if (tools.major === major) return tools
  await tools[Symbol.asyncDispose]()
  throw usageError(
    `The image ${image} has the tools of Postgres ${tools.major}, and ${server.label} is Postgres ${major}.`,
    `name one of Postgres ${major} in environments.${environment.name}.server.image`,
  )
}

/** dbmate in a container of this engine, shown to reach the very server that this process reads and locks. */
const openProven = async (opened: Opened, files: readonly PlannedFile[], lane?: number): Promise<Dbmate> => {
  const { host, server, id, way, environment, project, address, credentials, image, run } = opened
  const taken = await way()
  await using probe = await openProbe({ server, way: taken, environment: environment.name })
  const dbmate = await openDbmate(host.client, {
    ...{ image, run, lane, project, credentials, files: [...files, probe.file] },
    environment: environment.name,
    databases: [...environment.databases, ...files.map(({ managed }) => managed)].map(
      ({ database }) => database,
    ),
    postgres: { id, address: address.host, port: address.port, way: taken },
  })
  return await probe.judge(dbmate)
}

/** A session first: it tells who the server is, and which address answered. */
const meet = async (
  options: ServerEngineOptions,
  host: DockerHost,
  { server, address }: { server: Server; address: ReachedAddress },
): Promise<Opened> => {
  await server.query(server.maintenance, 'select 1')
  const answered = address.answered()
  const { through, environment } = options
  const { network } = environment
  const joined: Way = { network: `container:${through}`, gateway: false, tls: address.tls }
  return {
    ...options,
    host,
    server,
    id: address.system() ?? server.label,
    way: async () => (through ? joined : findWay(host, { address, answered, network })),
  }
}

/** Opens the tools' container once. */
const toolsOf = (opened: Opened) => {
  let opening: Promise<ClientContainer> | undefined
  return {
    tools: async (onProgress: Progress = () => {}): Promise<Tools> => {
      opening ??= openTools(opened, onProgress)
      const { image, container, env } = await opening
      return { image, container, env }
    },
    [Symbol.asyncDispose]: async (): Promise<void> =>
      (await opening?.catch(() => undefined))?.[Symbol.asyncDispose](),
  }
}

const reachedFrom = (docker: DockerHost | AppError, options: ServerEngineOptions) => {
  const { address, through: container } = options
  const connection = connectionOf(options)
  if (!container || docker instanceof AppError) return connection
  const target = { container, address: address.host, port: address.port }
  return { ...connection, socket: () => outwardSocket(docker.client, target) }
}

/**
 * A server that is no container of this engine; dbmate and Postgres' tools run in containers that reach it by its address.
 * `docker` may be why there is none: reading needs none.
 * @throws AppError (exit 6): the server is not to be had as the config asks.
 */
export const openServerEngine = async (
  docker: DockerHost | AppError,
  options: ServerEngineOptions,
): Promise<Engine> => {
  const { image, run } = options
  const connection = reachedFrom(docker, options)
  const server = openServer(connection)
  const cancel: Engine['cancel'] = (database) => endSessions(server, sessionName(run, 'dbmate'), database)
  const close = async (): Promise<void> => server[Symbol.asyncDispose]()
  if (docker instanceof AppError) {
    const none = async (): Promise<never> => {
      throw docker
    }
    const without = { imageId: none, missingImage: none, pull: none, openDbmate: none }
    return {
      ...without,
      server,
      unshared: docker,
      cancel,
      logged: async () => [],
      [Symbol.asyncDispose]: close,
    }
  }
  const opened = await meet(options, docker, { server, address: connection.address }).catch(async (error) => {
    await close()
    throw error
  })
  const held = toolsOf(opened)
  return {
    server,
    shared: {
      docker: docker.client,
      id: opened.id,
      run,
      volumes: [],
      projects: options.projects,
      tools: held.tools,
      toolsImage: async () => imageOf(options.address, await readMajor(server)),
    },
    lockSession: () => openLockSession(connection, run),
    imageId: () => readImageId(docker.client, image),
    cancel,
    missingImage: async () => ((await hasImage(docker.client, image)) ? undefined : image),
    pull: (reference, onProgress) => pullFor(docker, reference, onProgress),
    followsDbmate: true,
    openDbmate: (files, lane) => openProven(opened, files, lane),
    // Its log is out of reach.
    logged: async () => [],
    [Symbol.asyncDispose]: async () => {
      await held[Symbol.asyncDispose]()
      await close()
    },
  }
}
