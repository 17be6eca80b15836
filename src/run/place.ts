import { AppError, exitCodes } from '../errors.ts'
import { connectDocker } from '../io/docker.ts'
import { resolveEndpoint } from '../io/docker-endpoint.ts'
import { networkExists } from '../io/postgres-container.ts'
import { runShell } from '../io/shell.ts'
import type { Context } from '../model/context.ts'
import type { Environment, Host } from '../model/types.ts'

/** Where something lives: its host, and the networks by which it would be recognised here. */
export type Place = { host: Host; networks: readonly string[] }

export const placeOf = ({ host, network }: Environment): Place => ({ host, networks: [network] })

export type PlaceOptions = {
  /** `--here`. */
  here: boolean
  /** The verb and its subject, as typed. */
  command: string
}

/** Without Docker here, a network counts as absent. */
const findHere = async (networks: readonly string[], env: Context['env']): Promise<string | undefined> => {
  try {
    const docker = await connectDocker(await resolveEndpoint(env, runShell))
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
 * Refuses a verb that belongs on another machine.
 * @throws AppError (exit 4), also when the host's network exists here too, since either machine could be meant.
 */
export const requireHere = async (
  { host, networks }: Place,
  { here, command }: PlaceOptions,
  context: Context,
): Promise<void> => {
  if (runsHere(host, here, context)) return
  const details = [
    `Nothing was touched. This machine is "${context.hostname}", the host ${host.name} is "${host.machine}".`,
  ]
  const network = await findHere(networks, context.env)
  if (network !== undefined)
    throw new AppError(
      `"${command}" would go to ${host.ssh} by ssh, but its network ${network} exists here too.`,
      {
        exitCode: exitCodes.refused,
        details,
        hint: `po-migrate ${command} --here`,
      },
    )
  throw new AppError(
    `"${command}" belongs on the host ${host.name}, and this version does not go there by itself.`,
    {
      exitCode: exitCodes.refused,
      details,
      hint: `ssh ${host.ssh}, then in the checkout there: infrastructure/scripts/po-migrate ${command} --here`,
    },
  )
}
