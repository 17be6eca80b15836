import type { StepOf } from '../../model/kind.ts'
import type { CutoverAct, CutoverKind, Lack } from '../tools.ts'
import { backUp } from './back-up.ts'
import { bringBack } from './bring-back.ts'
import { carryDatabase } from './carry-database.ts'
import { carryRoles } from './carry-roles.ts'
import { carrySettings } from './carry-settings.ts'
import { carrySystem } from './carry-system.ts'
import { checkStopped } from './check-stopped.ts'
import { checkWrites } from './check-writes.ts'
import { copyVolume } from './copy-volume.ts'
import { createNetwork } from './create-network.ts'
import { discardCopies } from './discard-copies.ts'
import { migrate } from './migrate.ts'
import { removeCopy } from './remove-copy.ts'
import { startContainers } from './start-containers.ts'
import { startStack } from './start-stack.ts'
import { stopStack } from './stop-stack.ts'
import { verify } from './verify.ts'
import { waitHealthy } from './wait-healthy.ts'
import { wipeVolume } from './wipe-volume.ts'

/** What a cutover and its undoing can do: each may be done again after it was cut off anywhere. */
export const cutoverKinds = {
  'create-network': createNetwork,
  'back-up': backUp,
  'stop-stack': stopStack,
  'check-writes': checkWrites,
  'check-stopped': checkStopped,
  'copy-volume': copyVolume,
  'wipe-volume': wipeVolume,
  'bring-back': bringBack,
  'start-stack': startStack,
  'carry-system': carrySystem,
  'carry-roles': carryRoles,
  migrate,
  'carry-database': carryDatabase,
  'carry-settings': carrySettings,
  verify,
  'start-containers': startContainers,
  'wait-healthy': waitHealthy,
  'discard-copies': discardCopies,
  'remove-copy': removeCopy,
}

export type CutoverStep = StepOf<typeof cutoverKinds>

export const findLack = async (step: CutoverStep, act: CutoverAct): Promise<Lack | undefined> =>
  (cutoverKinds[step.kind] as CutoverKind<never>).findLack?.(step as never, act)
