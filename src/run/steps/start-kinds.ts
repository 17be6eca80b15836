import type { StepOf } from '../../model/kind.ts'
import { createNetwork } from './create-network.ts'
import { createVolume } from './create-volume.ts'
import { startStack } from './start-stack.ts'

/** What `start` can do. */
export const startKinds = {
  'create-network': createNetwork,
  'create-volume': createVolume,
  'start-stack': startStack,
}

export type StartStep = StepOf<typeof startKinds>
