import { throughCurrent } from '../config/current-release.ts'
import type { Config } from '../config/load.ts'
import { hostEnvironments, hostNetworks, requireVolumeHere, resolveHost } from '../config/resolve.ts'
import { usageError } from '../errors.ts'
import { readComposeParts } from '../io/docker/compose-parts.ts'
import type { DockerHost } from '../io/docker/host.ts'
import { networkExists } from '../io/docker/postgres-container.ts'
import { readContainer, readStack, type StackContainer } from '../io/docker/stack.ts'
import { volumeExists } from '../io/docker/volume.ts'
import type { KeptContainer } from '../model/cutover.ts'
import type { Position } from '../model/position.ts'
import type { CutoverWorld } from './plan/cutover.ts'
import type { CutoverHost } from './tools.ts'

/** @throws AppError (exit 2) for a host without a `cutover:` section, or without environments. */
export const resolveCutoverHost = (config: Config, name: string): CutoverHost => {
  requireVolumeHere(config, name)
  const host = throughCurrent(resolveHost(config, name))
  const { volume, stack, cutover } = host
  if (!volume || !stack || !cutover)
    throw usageError(
      `The host ${name} has no cutover: section.`,
      `set hosts.${name}.cutover in ${config.file}`,
    )
  if (hostEnvironments(config, name).length === 0)
    throw usageError(`No environment is on the host ${name}.`, `set host: ${name} in an environment`)
  return { ...host, volume, stack, cutover }
}

const kept = ({ id, name, project, image, health }: StackContainer): KeptContainer => ({
  id,
  name,
  project,
  image,
  healthy: health === undefined || health === 'healthy',
})

/** Containers of the application stacks that run now. */
export const readServing = async (
  { client: docker }: DockerHost,
  host: CutoverHost,
): Promise<KeptContainer[]> => {
  const stacks = await Promise.all(host.cutover.stacks.map(({ project }) => readStack(docker, project)))
  return stacks
    .flat()
    .filter(({ running }) => running)
    .map(kept)
}

/** What is to run after an undoing: what ran before the target began, as far as it is still there, and what runs now. */
export const readUndoContainers = async (
  docker: DockerHost,
  host: CutoverHost,
  target: Position,
): Promise<KeptContainer[]> => {
  const before = await Promise.all(
    target.frame.containers.map(async (container) =>
      (await readContainer(docker.client, container.id)) ? [container] : [],
    ),
  )
  const known = new Map(before.flat().map((container) => [container.id, container]))
  const serving = await readServing(docker, host)
  return [...known.values(), ...serving.filter(({ id }) => !known.has(id))]
}

export type WorldOptions = {
  config: Config
  host: CutoverHost
  docker: DockerHost
  passEnv: readonly string[]
  run: string
}

/** What a plan is made of; what is carried over is settled by the caller. */
export const readCutoverWorld = async ({
  config,
  host,
  docker,
  passEnv,
  run,
}: WorldOptions): Promise<Omit<CutoverWorld, 'carried'>> => {
  const { external } = await readComposeParts(docker, { stack: host.stack, passEnv })
  const networks = hostNetworks(config, host.name).filter((network) => external.networks.has(network))
  const present = await Promise.all(networks.map((network) => networkExists(docker.client, network)))
  const [database] = await readStack(docker.client, host.stack.project)
  return {
    run,
    host,
    environments: hostEnvironments(config, host.name),
    missingNetworks: networks.filter((_, index) => !present[index]),
    volumeExists: await volumeExists(docker.client, host.volume),
    containers: await readServing(docker, host),
    image: database?.image,
  }
}
