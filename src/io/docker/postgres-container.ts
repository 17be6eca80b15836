import type { ContainerInfo } from 'dockerode'
import { AppError, exitCodes } from '../../errors.ts'
import type { Environment } from '../../model/types.ts'
import { type Docker, dockerMessage, httpStatus } from './docker.ts'
import { composeLabels } from './labels.ts'
import {
  describeContents,
  findServers,
  isRunning,
  nameOf,
  readNetworkNames,
  serviceOf,
} from './network-contents.ts'

/** The container that answers to the environment's service name on its network. */
export type PostgresContainer = {
  id: string
  name: string
  image: string
  /** Empty where Docker tells none. */
  address: string
  /** That it mounts: whoever holds the guard of one acts on this server. */
  volumes: readonly string[]
  /**
   * Of a swarm's task, which this machine has no route to, and which gets another container at each start: by what its server is
   * known all the same.
   */
  task?: { system: string }
}

/** The service, where the config names none. */
const usualService = 'postgres'

const unreachable = (message: string, hint: string): AppError =>
  new AppError(message, { exitCode: exitCodes.unreachable, hint })

/** `docker compose run` gives its containers the service's label, and not its name on the network. */
const isService = ({ Labels }: ContainerInfo, service: string): boolean =>
  Labels[composeLabels.service] === service && Labels[composeLabels.oneOff] !== 'True'

const answersTo = async (
  docker: Docker,
  container: ContainerInfo,
  { network, service }: { network: string; service: string },
): Promise<boolean> => {
  if (isService(container, service) || nameOf(container) === service) return true
  const { NetworkSettings } = await docker.getContainer(container.Id).inspect()
  return NetworkSettings.Networks[network]?.Aliases?.includes(service) ?? false
}

/** Docker answers to the beginning of an id, too, and `db` is one. */
export const networkExists = async (docker: Docker, network: string): Promise<boolean> => {
  try {
    return (await docker.getNetwork(network).inspect()).Name === network
  } catch (error) {
    if (httpStatus(error) === 404) return false
    if (error instanceof AppError) throw error
    throw unreachable(
      `Docker cannot tell of the network ${network}: ${dockerMessage(error)}`,
      'docker network ls',
    )
  }
}

const explainNetwork = async (docker: Docker, { network, name, host }: Environment): Promise<AppError> => {
  const others = await readNetworkNames(docker)
  return new AppError(`The Docker network ${network} of ${name} does not exist here.`, {
    exitCode: exitCodes.unreachable,
    details: others.length > 0 ? [`here are: ${others.join(', ')}; network: in the config says which`] : [],
    hint: startOf(host),
  })
}

const startOf = ({ name, stack }: Environment['host']): string =>
  stack
    ? `po-migrate start ${name}`
    : `start Postgres as ever, or set hosts.${name}.stack in the config, then: po-migrate start ${name}`

/** Docker's filter takes the beginning of an id, too, for a network. */
const isOn =
  (network: string) =>
  ({ NetworkSettings }: ContainerInfo): boolean =>
    NetworkSettings.Networks[network] !== undefined

/** Whose containers another compose project made; one that the config names itself may be anybody's. */
const othersProject = (
  container: ContainerInfo,
  { host: { stack }, service }: Environment,
): string | undefined => {
  const project = container.Labels[composeLabels.project]
  return stack && project !== stack.project && nameOf(container) !== service ? project : undefined
}

/** What answers to the name, and is none of the stack that runs the host's Postgres. */
const describeOthers = (named: readonly ContainerInfo[], environment: Environment): string[] =>
  named.flatMap((container) => {
    const project = othersProject(container, environment)
    const own = environment.host.stack?.project
    return project ? [`${nameOf(container)} is of the compose project ${project}, and not of ${own}`] : []
  })

const describeStates = (containers: readonly ContainerInfo[]): string =>
  containers.map((one) => `${nameOf(one)} (${one.State})`).join(', ')

type Present = {
  all: readonly ContainerInfo[]
  named: readonly ContainerInfo[]
  others: readonly ContainerInfo[]
}

const hintOf = (
  { name, host }: Environment,
  stopped: ContainerInfo | undefined,
  servers: readonly ContainerInfo[],
): string => {
  const [server] = servers
  if (server) return `write into the config, under environments.${name}: service: ${serviceOf(server)}`
  return stopped && !host.stack ? `docker start ${nameOf(stopped)}` : startOf(host)
}

const explainAbsence = async (
  docker: Docker,
  environment: Environment,
  { all, named, others }: Present,
): Promise<AppError> => {
  const { network, service, name, port } = environment
  if (!(await networkExists(docker, network))) return explainNetwork(docker, environment)
  const [stopped] = named
  const nothing = `nothing answers to "${service ?? usualService}" there${service === undefined ? ', and no Postgres runs there' : ''}`
  const why = stopped ? `${nameOf(stopped)} is ${stopped.Status.toLowerCase()}` : nothing
  const servers = service === undefined || stopped ? [] : await findServers(docker, all, port)
  return new AppError(`Postgres of ${name} is not running on ${network}: ${why}.`, {
    exitCode: exitCodes.unreachable,
    details: [
      ...describeOthers(others, environment),
      ...(stopped || all.length === 0 ? [] : [`on ${network}: ${describeContents(all)}`]),
    ],
    hint: hintOf(environment, stopped, servers),
  })
}

const severalFound = ({ network, name }: Environment, found: readonly ContainerInfo[]): AppError =>
  new AppError(`Several Postgres run on ${network}: ${found.map(serviceOf).join(', ')}.`, {
    exitCode: exitCodes.refused,
    details: ['The config does not say which is meant.'],
    hint: `write into the config, under environments.${name}: service: ${serviceOf(found[0] as ContainerInfo)}`,
  })

const projectsOf = (containers: readonly ContainerInfo[]): Set<string> =>
  new Set(containers.flatMap(({ Labels }) => Labels[composeLabels.project] ?? []))

/** Of two projects that share a network, the one that runs need not be the one that is meant. */
const severalNamed = ({ network, name, service }: Environment, named: readonly ContainerInfo[]): AppError =>
  new AppError(
    `Several containers answer to "${service ?? usualService}" on ${network}: ${describeStates(named)}.`,
    {
      exitCode: exitCodes.refused,
      details: ['Its name would mean either of them.'],
      hint: `write into the config, under environments.${name}: service: ${named.map(nameOf).join(', or ')}`,
    },
  )

/** By its name; without one it is `postgres`, running or not, else the only Postgres that runs there. */
const findNamed = async (
  docker: Docker,
  environment: Environment,
  all: readonly ContainerInfo[],
): Promise<readonly ContainerInfo[]> => {
  const { network, service = usualService, port } = environment
  const answers = await Promise.all(
    all.map((container) => answersTo(docker, container, { network, service })),
  )
  const named = all.filter((_, index) => answers[index])
  const isOwn = (one: ContainerInfo): boolean => othersProject(one, environment) === undefined
  if (environment.service !== undefined || named.some(isOwn)) return named
  const servers = await findServers(docker, all.filter(isOwn), port)
  if (servers.length > 1) throw severalFound(environment, servers)
  return servers.length === 1 ? servers : named
}

/**
 * Finds Postgres on the environment's network.
 * @throws AppError (exit 6): no such network, nothing by that name on it, or not running;
 * (exit 4) several containers share the name, running or of several compose projects, or several Postgres run there and none is
 * named.
 */
export const findPostgres = async (docker: Docker, environment: Environment): Promise<PostgresContainer> => {
  const { network } = environment
  const listed = await docker.listContainers({ all: true, filters: { network: [network] } })
  const all = listed.filter(isOn(network))
  const answering = await findNamed(docker, environment, all)
  const named = answering.filter((one) => othersProject(one, environment) === undefined)
  const others = answering.filter((one) => !named.includes(one))
  const running = named.filter(isRunning)
  const [found] = running
  if (!found) throw await explainAbsence(docker, environment, { all, named, others })
  if (running.length > 1 || projectsOf(named).size > 1) throw severalNamed(environment, named)
  if (found.State === 'paused')
    throw unreachable(
      `Postgres of ${environment.name}, ${nameOf(found)}, is paused.`,
      `docker unpause ${nameOf(found)}`,
    )
  const { IPAddress, GlobalIPv6Address } = found.NetworkSettings.Networks[network] ?? {}
  return {
    id: found.Id,
    name: nameOf(found),
    image: found.Image,
    address: IPAddress || GlobalIPv6Address || '',
    volumes: found.Mounts.flatMap(({ Type, Name }) => (Type === 'volume' && Name ? Name : [])),
  }
}
