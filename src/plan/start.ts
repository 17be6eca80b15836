import { usageError } from '../errors.ts'
import type { Plan } from '../model/plan.ts'
import type { Host, Stack } from '../model/types.ts'
import type { StartStep } from '../run/steps/start-kinds.ts'

export type StartWorld = {
  host: Host
  /** Networks and volume that compose takes from outside, and that do not exist yet. */
  missingNetworks: readonly string[]
  missingVolume: string | undefined
}

/** @throws AppError (exit 2) for a host without a stack. */
export const requireStack = ({ name, stack }: Host): Stack => {
  if (stack) return stack
  throw usageError(`The host ${name} has no stack.`, `set hosts.${name}.stack in the config`)
}

/**
 * What brings a host's Postgres up: what it needs from outside, then the stack.
 * @throws AppError (exit 2) for a host without a stack.
 */
export const planStart = ({ host, missingNetworks, missingVolume }: StartWorld): Plan<StartStep> => {
  const stack = requireStack(host)
  const steps: StartStep[] = [
    ...missingNetworks.map((network): StartStep => ({ kind: 'create-network', network })),
    ...(missingVolume ? [{ kind: 'create-volume', volume: missingVolume } as const] : []),
    { kind: 'start-stack', stack },
  ]
  return { version: 1, command: 'start', environment: host.name, steps }
}
