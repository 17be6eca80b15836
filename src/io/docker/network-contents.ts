import type { ContainerInfo } from 'dockerode'
import type { Docker } from './docker.ts'
import { composeLabels, labels } from './labels.ts'

const programs = new Set(['postgres', 'postmaster'])

/** Links give a container further names, below another's. */
export const nameOf = ({ Names, Id }: ContainerInfo): string =>
  Names.find((name) => name.lastIndexOf('/') === 0)?.slice(1) ?? Id.slice(0, 12)

/** The name by which a container answers on its network, as a config would say it. */
export const serviceOf = (container: ContainerInfo): string =>
  container.Labels[composeLabels.service] ?? nameOf(container)

export const isRunning = ({ State }: ContainerInfo): boolean => State === 'running' || State === 'paused'

/** `postgres: checkpointer`, `/usr/lib/postgresql/17/bin/postgres -D …` */
const isServer = (command = ''): boolean => {
  const [program = ''] = command.split(' ')
  return programs.has(program.slice(program.lastIndexOf('/') + 1).replace(':', ''))
}

/** By its processes, which need no tool inside; where the engine cannot list them, by the port that the image names. */
const runsPostgres = async (docker: Docker, container: ContainerInfo, port: number): Promise<boolean> => {
  try {
    const { Processes } = await docker.getContainer(container.Id).top()
    return Processes.some((columns: string[]) => isServer(columns.at(-1)))
  } catch {
    return container.Ports.some(({ PrivatePort }) => PrivatePort === port)
  }
}

/** The containers in which a Postgres runs; no pooler, and no throwaway of our own. */
export const findServers = async (
  docker: Docker,
  containers: readonly ContainerInfo[],
  port: number,
): Promise<ContainerInfo[]> => {
  const candidates = containers.filter((one) => isRunning(one) && one.Labels[labels.run] === undefined)
  const found = await Promise.all(candidates.map((one) => runsPostgres(docker, one, port)))
  return candidates.filter((_, index) => found[index])
}

/** `db (postgres:17, running), web (nginx, exited)` */
export const describeContents = (containers: readonly ContainerInfo[]): string =>
  containers
    .map((one) => `${serviceOf(one)} (${one.Image}, ${one.State})`)
    .sort()
    .join(', ')

const builtIn = new Set(['bridge', 'host', 'none'])

/** Names of the networks that somebody made. */
export const readNetworkNames = async (docker: Docker): Promise<string[]> =>
  (await docker.listNetworks())
    .map(({ Name }) => Name)
    .filter((name) => !builtIn.has(name))
    .sort()
