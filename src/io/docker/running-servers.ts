import type { ContainerInfo } from 'dockerode'
import type { Docker } from './docker.ts'
import { composeLabels } from './labels.ts'
import { findServers, serviceOf } from './network-contents.ts'

/** A Postgres that runs on this engine, whoever's it is. */
export type RunningServer = {
  service: string
  network: string
  /** The compose project that it is of. */
  project?: string | undefined
  published: readonly number[]
  variables: Readonly<Record<string, string>>
}

const port = 5432
const joinable = (name: string): boolean => name !== 'host' && name !== 'none'

const readVariables = async (docker: Docker, { Id }: ContainerInfo): Promise<Record<string, string>> => {
  const { Config } = await docker.getContainer(Id).inspect()
  return Object.fromEntries(
    Config.Env.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}

export const readRunningServers = async (docker: Docker): Promise<RunningServer[]> => {
  const found = await findServers(docker, await docker.listContainers(), port)
  const read = await Promise.all(
    found.map(async (container): Promise<RunningServer[]> => {
      const [network] = Object.keys(container.NetworkSettings.Networks).filter(joinable)
      if (network === undefined) return []
      return [
        {
          service: serviceOf(container),
          network,
          project: container.Labels[composeLabels.project],
          published: container.Ports.flatMap(({ PublicPort }) => PublicPort ?? []),
          variables: await readVariables(docker, container),
        },
      ]
    }),
  )
  return read.flat()
}
