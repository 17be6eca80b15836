import { readComposeParts } from '../io/docker/compose-parts.ts'
import type { DockerHost } from '../io/docker/host.ts'
import { networkExists } from '../io/docker/postgres-container.ts'
import { readHolders, refuseHeldVolume, volumeExists } from '../io/docker/volume.ts'
import type { Environment } from '../model/types.ts'
import { type Check, fail } from './check.ts'

export type OutsideFacts = {
  environment: Environment
  host: () => Promise<DockerHost>
  passEnv: readonly string[]
}

/** Whether the stack takes it from outside: what compose makes itself it would refuse from anybody else. */
const isExternal = async (
  kind: 'networks' | 'volumes',
  name: string,
  { environment, host, passEnv }: OutsideFacts,
): Promise<boolean> => {
  const { stack } = environment.host
  if (!stack) return false
  return (await readComposeParts(await host(), { stack, passEnv })).external[kind].has(name)
}

const absent = async (
  kind: 'networks' | 'volumes',
  name: string,
  facts: OutsideFacts,
): Promise<ReturnType<typeof fail>> => {
  const { environment } = facts
  const { stack, name: host } = environment.host
  const remedy = (await isExternal(kind, name, facts)) ? `doctor ${environment.name} --fix` : `start ${host}`
  return fail(
    `${name} does not exist here`,
    stack ? `po-migrate ${remedy}` : 'start the stack of Postgres, which makes it',
  )
}

const networkCheck = (facts: OutsideFacts): Check => {
  const { network } = facts.environment
  return {
    title: 'network',
    run: async () => {
      if (await networkExists((await facts.host()).client, network)) return network
      throw await absent('networks', network, facts)
    },
    fix: async () => {
      if (!(await isExternal('networks', network, facts))) return undefined
      await (await facts.host()).client.createNetwork({ Name: network })
      return `${network} created`
    },
  }
}

const volumeCheck = (volume: string, facts: OutsideFacts): Check => ({
  title: 'volume',
  run: async () => {
    const { client: docker } = await facts.host()
    if (!(await volumeExists(docker, volume))) throw await absent('volumes', volume, facts)
    refuseHeldVolume(volume, await readHolders(docker, volume, facts.environment.host.stack?.project ?? ''))
    return volume
  },
  fix: async () => {
    const { client: docker } = await facts.host()
    // Held by somebody else, it is there.
    if ((await volumeExists(docker, volume)) || !(await isExternal('volumes', volume, facts)))
      return undefined
    await docker.createVolume({ Name: volume })
    return `${volume} created`
  },
})

/** What a stack needs from outside before it starts. */
export const outsideChecks = (facts: OutsideFacts): Check[] => {
  const { host, network, server } = facts.environment
  const volume = server === undefined ? host.volume : undefined
  return [...(network ? [networkCheck(facts)] : []), ...(volume ? [volumeCheck(volume, facts)] : [])]
}
