import type { ContainerInfo } from 'dockerode'
import { AppError, exitCodes } from '../../errors.ts'
import type { Environment } from '../../model/types.ts'
import { type Docker, dockerMessage, httpStatus } from './docker.ts'

/** The container that answers to the environment's service name on its network. */
export type PostgresContainer = {
  id: string
  name: string
  /** Empty where Docker tells none. */
  address: string
  /** That it mounts: whoever holds the guard of one acts on this server. */
  volumes: readonly string[]
}

const serviceLabel = 'com.docker.compose.service'
const oneOffLabel = 'com.docker.compose.oneoff'

const unreachable = (message: string, hint: string): AppError =>
  new AppError(message, { exitCode: exitCodes.unreachable, hint })

/** Links give a container further names, below another's. */
const nameOf = ({ Names, Id }: ContainerInfo): string =>
  Names.find((name) => name.lastIndexOf('/') === 0)?.slice(1) ?? Id.slice(0, 12)

/** `docker compose run` gives its containers the service's label, and not its name on the network. */
const isService = ({ Labels }: ContainerInfo, service: string): boolean =>
  Labels[serviceLabel] === service && Labels[oneOffLabel] !== 'True'

const answersTo = async (
  docker: Docker,
  container: ContainerInfo,
  { network, service }: Environment,
): Promise<boolean> => {
  if (isService(container, service) || nameOf(container) === service) return true
  const { NetworkSettings } = await docker.getContainer(container.Id).inspect()
  return NetworkSettings.Networks[network]?.Aliases?.includes(service) ?? false
}

export const networkExists = async (docker: Docker, network: string): Promise<boolean> => {
  try {
    await docker.getNetwork(network).inspect()
    return true
  } catch (error) {
    if (httpStatus(error) === 404) return false
    if (error instanceof AppError) throw error
    throw unreachable(
      `Docker cannot tell of the network ${network}: ${dockerMessage(error)}`,
      'docker network ls',
    )
  }
}

const explainAbsence = async (
  docker: Docker,
  environment: Environment,
  stopped: ContainerInfo[],
): Promise<AppError> => {
  const { network, service, name, host } = environment
  const [candidate] = stopped
  const start = `po-migrate start ${host.name}`
  const byHand = candidate
    ? `docker start ${nameOf(candidate)}`
    : `start Postgres as ever, or set hosts.${host.name}.stack in the config, then: ${start}`
  const hint = host.stack ? start : byHand
  if (!(await networkExists(docker, network)))
    return unreachable(`The Docker network ${network} of ${name} does not exist here.`, hint)
  const why = candidate
    ? `${nameOf(candidate)} is ${candidate.Status.toLowerCase()}`
    : `nothing answers to "${service}" there`
  return unreachable(`Postgres of ${name} is not running on ${network}: ${why}.`, hint)
}

/**
 * Finds Postgres on the environment's network.
 * @throws AppError (exit 6): no such network, nothing by that name on it, or not running;
 * (exit 4) several containers share the name, so that its DNS name would mean either.
 */
export const findPostgres = async (docker: Docker, environment: Environment): Promise<PostgresContainer> => {
  const { network, service } = environment
  const present = await docker.listContainers({ all: true, filters: { network: [network] } })
  const answers = await Promise.all(present.map((container) => answersTo(docker, container, environment)))
  const named = present.filter((_, index) => answers[index])
  const running = named.filter(({ State }) => State === 'running' || State === 'paused')
  const [found, other] = running
  if (!found) throw await explainAbsence(docker, environment, named)
  if (other)
    throw new AppError(
      `Several containers answer to "${service}" on ${network}: ${running.map(nameOf).join(', ')}.`,
      {
        exitCode: exitCodes.refused,
        details: ['Its name would mean either of them.'],
        hint: `docker stop ${nameOf(other)}`,
      },
    )
  if (found.State === 'paused')
    throw unreachable(
      `Postgres of ${environment.name}, ${nameOf(found)}, is paused.`,
      `docker unpause ${nameOf(found)}`,
    )
  const { IPAddress, GlobalIPv6Address } = found.NetworkSettings.Networks[network] ?? {}
  return {
    id: found.Id,
    name: nameOf(found),
    address: IPAddress || GlobalIPv6Address || '',
    volumes: found.Mounts.flatMap(({ Type, Name }) => (Type === 'volume' && Name ? Name : [])),
  }
}
