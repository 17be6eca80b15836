import { AppError, exitCodes } from '../errors.ts'
import { connectDocker } from '../io/docker/docker.ts'
import { resolveEndpoint } from '../io/docker/endpoint.ts'
import { networkExists } from '../io/docker/postgres-container.ts'
import { shellUntil } from '../io/host/shell.ts'
import type { Context } from '../model/context.ts'
import type { Environment, Host } from '../model/types.ts'

/** Where something lives: its host, and the networks by which it would be recognised here. */
export type Place = { host: Host; networks: readonly string[] }

export const placeOf = ({ host, network }: Environment): Place => ({
  host,
  networks: network ? [network] : [],
})

/** Without Docker here, a network counts as absent. */
const findHere = async (networks: readonly string[], { env, stop }: Context): Promise<string | undefined> => {
  try {
    const docker = await connectDocker(await resolveEndpoint(env, shellUntil(stop)))
    const present = await Promise.all(networks.map((network) => networkExists(docker, network)))
    return networks.find((_, index) => present[index])
  } catch {
    return undefined
  }
}

/** In place: no `ssh:`, `--here` or PO_MIGRATE_HERE=1, or the host's `machine:` is this machine. */
export const runsHere = (host: Host, here: boolean, { env, hostname }: Context): boolean =>
  !host.ssh || here || env.PO_MIGRATE_HERE === '1' || host.machine === hostname

/**
 * Before a verb goes to another machine: the network by which its host would be recognised must not exist here.
 * @throws AppError (exit 4) when it does, since either machine could be meant.
 */
export const requireElsewhere = async (
  { host, networks }: Place,
  command: string,
  context: Context,
): Promise<void> => {
  const network = await findHere(networks, context)
  if (network === undefined) return
  throw new AppError(
    `"${command}" would go to ${host.ssh} by ssh, but its network ${network} exists here too.`,
    {
      exitCode: exitCodes.refused,
      details: [`This machine is "${context.hostname}", the host ${host.name} is "${host.machine}".`],
      hint: `po-migrate ${command} --here`,
    },
  )
}
