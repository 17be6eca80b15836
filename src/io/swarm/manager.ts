import { AppError, exitCodes } from '../../errors.ts'
import { dockerMessage, httpStatus } from '../docker/docker.ts'
import type { DockerHost } from '../docker/host.ts'

/** The node of the engine that is asked, a manager that takes tasks, and its swarm. */
export type Manager = { node: string; cluster: string }

type Managers = readonly { NodeID?: string; Addr?: string }[] | null

type SwarmInfo = {
  NodeID: string
  NodeAddr?: string
  LocalNodeState: string
  ControlAvailable: boolean
  Error?: string
  RemoteManagers?: Managers
  Cluster?: { ID?: string }
}

const refuse = (message: string, hint: string, details: string[] = []): AppError =>
  new AppError(message, { exitCode: exitCodes.unreachable, details, hint })

const port = /:\d+$/

const elsewhere = (managers: Managers = []): string =>
  [...new Set((managers ?? []).flatMap(({ Addr }) => Addr?.replace(port, '') ?? []))].join(', ')

/** Why an engine that is no working manager is none, and what to type. */
const explain = (host: string, environment: string, swarm: SwarmInfo): AppError => {
  const { LocalNodeState: state, NodeID, RemoteManagers, Error: said } = swarm
  const engine = `The engine at ${host}`
  if (state === 'inactive')
    return refuse(
      `${engine} is not part of a swarm, and ${environment} has engine: swarm.`,
      'docker swarm init, or where it is to be another swarm: export DOCKER_HOST=ADDRESS of a manager',
    )
  if (state === 'locked')
    return refuse(`${engine} is a manager of a swarm that is locked.`, 'docker swarm unlock')
  if (state !== 'active')
    return refuse(
      `${engine} is a node whose swarm is ${state}: ${said || 'it does not say why'}.`,
      'docker info',
    )
  const known = elsewhere(RemoteManagers)
  return refuse(
    `${engine} is a worker of its swarm: only a manager tells of services, and makes them.`,
    `on a manager: docker node promote ${NodeID}, or run po-migrate there`,
    known ? [`Managers are at ${known}.`] : [],
  )
}

/** A manager without a majority of the others answers nothing about its swarm. */
export const explainSwarm = (error: unknown, what: string): AppError => {
  if (error instanceof AppError) return error
  return new AppError(`The swarm cannot ${what}: ${dockerMessage(error)}.`, {
    exitCode: exitCodes.unreachable,
    hint: httpStatus(error) === 503 ? 'docker node ls' : 'docker info; docker node ls',
    cause: error,
  })
}

/**
 * The engine, shown to be a manager that takes tasks itself.
 * @throws AppError (exit 6): not in a swarm, a worker, locked, without a majority, or drained.
 */
export const requireManager = async (
  { client, endpoint }: DockerHost,
  environment: string,
): Promise<Manager> => {
  const info: { Swarm?: SwarmInfo } = await client.info()
  const swarm = info.Swarm ?? { NodeID: '', LocalNodeState: 'inactive', ControlAvailable: false }
  if (swarm.LocalNodeState !== 'active' || !swarm.ControlAvailable)
    throw explain(endpoint.host, environment, swarm)
  const node = swarm.NodeID
  const { Spec } = await client
    .getNode(node)
    .inspect()
    .catch((error) => {
      throw explainSwarm(error, 'tell of its nodes')
    })
  if (Spec.Availability !== 'active')
    throw refuse(
      `This manager takes no tasks: its availability is ${Spec.Availability}.`,
      `docker node update --availability active ${node}, or run po-migrate on a manager that takes some`,
      ['The task through which Postgres is reached has to run where this engine is.'],
    )
  return { node, cluster: swarm.Cluster?.ID ?? '' }
}

/** A node as people know it. */
export const nameNode = async ({ client: docker }: DockerHost, id: string): Promise<string> => {
  const { Description }: { Description?: { Hostname?: string } } = await docker
    .getNode(id)
    .inspect()
    .catch(() => ({}))
  return Description?.Hostname || id
}
