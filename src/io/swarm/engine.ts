import { join } from 'node:path'
import { AppError, exitCodes } from '../../errors.ts'
import type { ServerAddress } from '../../model/types.ts'
import { httpStatus } from '../docker/docker.ts'
import type { DockerHost } from '../docker/host.ts'
import { readSystemIdentifier } from '../docker/inside.ts'
import type { PostgresContainer } from '../docker/postgres-container.ts'
import { type DockerEngineOptions, openContainerEngine } from '../docker-engine.ts'
import type { Engine } from '../engine.ts'
import { openServerEngine } from '../server-engine.ts'
import { removeDeadFootholds } from './dead-footholds.ts'
import { findPostgresTask, type PostgresTask } from './find-postgres.ts'
import { openFoothold } from './foothold.ts'
import { explainSwarm, type Manager, nameNode, requireManager } from './manager.ts'

export type SwarmEngineOptions = DockerEngineOptions & {
  /** `server:` of the environment; left out, Postgres is a service. */
  address?: ServerAddress | undefined
}

/** The container of a task on this node, as the docker engine knows one. */
const readContainer = async (
  { client: docker }: DockerHost,
  { container: id, network, image }: PostgresTask,
): Promise<PostgresContainer> => {
  const { Name, Config, Mounts, NetworkSettings, State } = await docker.getContainer(id).inspect()
  const name = Name.slice(1)
  if (State.Paused)
    throw new AppError(`Postgres, ${name}, is paused.`, {
      exitCode: exitCodes.unreachable,
      hint: `docker unpause ${name}`,
    })
  const { IPAddress, GlobalIPv6Address } = NetworkSettings.Networks[network] ?? {}
  return {
    id,
    name,
    image: Config.Image || image,
    address: IPAddress || GlobalIPv6Address || '',
    volumes: Mounts.flatMap(({ Type, Name: volume }) => (Type === 'volume' && volume ? volume : [])),
    task: { system: (await readSystemIdentifier(docker, id)) ?? id },
  }
}

const requireOverlay = async ({ client: docker }: DockerHost, network: string): Promise<void> => {
  const found: { Scope?: string } | undefined = await docker
    .getNetwork(network)
    .inspect()
    .catch((error) => {
      if (httpStatus(error) === 404) return undefined
      throw explainSwarm(error, 'tell of its networks')
    })
  if (found?.Scope === 'swarm') return
  throw new AppError(
    found
      ? `The network ${network} is of one machine, not of the swarm.`
      : `The network ${network} does not exist in this swarm.`,
    {
      exitCode: exitCodes.unreachable,
      hint: `docker network ls --filter scope=swarm, and write it into the config: network: NAME`,
    },
  )
}

/** Through a task of this run on the overlay network, which ends with the engine. */
const openThrough = async (
  host: DockerHost,
  options: SwarmEngineOptions & { address: ServerAddress; network: string },
  { node, cluster }: Manager,
): Promise<Engine> => {
  const { image, run, project, environment, network, note, memory } = options
  const foothold = await openFoothold(host, {
    ...{ image, run, project, network, node, note },
    environment: environment.name,
  })
  const close = async (): Promise<void> => {
    await foothold[Symbol.asyncDispose]()
    // That of a run which was killed ends with its last session, for which this one may have waited.
    await removeDeadFootholds(host.client, { projects: options.projects, node }).catch(() => {})
  }
  try {
    const engine = await openServerEngine(host, {
      ...options,
      through: foothold.container,
      // Each swarm has names of its own.
      memory: join(memory, `swarm-${cluster}`),
    })
    return {
      ...engine,
      openDbmate: async (files, lane) => {
        const dbmate = await engine.openDbmate(files, lane)
        foothold.onGone(() => void dbmate.abort())
        return dbmate
      },
      [Symbol.asyncDispose]: async () => {
        await engine[Symbol.asyncDispose]()
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

const containerHint = 'docker exec -it CONTAINER'

/**
 * A manager of a swarm. Where Postgres' task is on this very node its container is one like any other, and so it is treated; else, and for an
 * address inside an overlay network, the way leads through a task of the run.
 * @throws AppError (exit 6): no manager, no such service or network, or nothing that runs; (exit 4): several could be meant.
 */
export const openSwarmEngine = async (host: DockerHost, options: SwarmEngineOptions): Promise<Engine> => {
  const { environment, address, projects, note, onWait, passwordHint } = options
  const manager = await requireManager(host, environment.name)
  for (const name of await removeDeadFootholds(host.client, { projects, node: manager.node }))
    note(`removed the service ${name}, which a run that died had left`)
  if (address) {
    const { network } = environment
    if (network === '') return openServerEngine(host, { ...options, address })
    await requireOverlay(host, network)
    return openThrough(host, { ...options, address, network }, manager)
  }
  const task = await findPostgresTask(host.client, { environment, onWait })
  if (task.node === manager.node) return openContainerEngine(host, options, await readContainer(host, task))
  const { service, network, image } = task
  const inside = { node: await nameNode(host, task.node), container: task.container.slice(0, 12) }
  return openThrough(
    host,
    {
      ...options,
      network,
      // Of its tasks: a service's own address is a load balancer's, which forgets what was silent for a while.
      address: { host: `tasks.${service}`, port: environment.port, tls: { mode: 'disable' }, image, inside },
      passwordHint: passwordHint.replace(
        containerHint,
        `on the node ${inside.node}: docker exec -it ${inside.container}`,
      ),
    },
    manager,
  )
}
