import { usageError } from '../errors.ts'
import type { Plan, Step } from '../model/plan.ts'
import type { Host } from '../model/types.ts'

export type StartWorld = {
  host: Host
  /** Networks and volume that do not exist yet. */
  missingNetworks: readonly string[]
  missingVolume: string | undefined
}

/**
 * What brings a host's Postgres up: what it needs from outside, then the stack.
 * @throws AppError (exit 2) for a host without a stack.
 */
export const planStart = ({ host, missingNetworks, missingVolume }: StartWorld): Plan => {
  if (!host.stack)
    throw usageError(`The host ${host.name} has no stack.`, `set hosts.${host.name}.stack in the config`)
  const steps: Step[] = [
    ...missingNetworks.map((network): Step => ({ kind: 'create-network', network })),
    ...(missingVolume ? [{ kind: 'create-volume', volume: missingVolume } as const] : []),
    { kind: 'start-stack', stack: host.stack },
  ]
  return { version: 1, command: 'start', environment: host.name, steps }
}
