import type { StepOf } from '../../model/kind.ts'
import type { Restore } from '../restore.ts'
import { createRoles } from './create-roles.ts'
import { dropReplaced } from './drop-replaced.ts'
import { restoreBeside } from './restore-beside.ts'
import { swapDatabases } from './swap-databases.ts'

/** What the steps of `restore` act with: a restore, opened by the first of them. */
export type RestoreTools = { restore: () => Promise<Restore> }

/** What `restore` can do. */
export const restoreKinds = {
  'create-roles': createRoles,
  'restore-beside': restoreBeside,
  'swap-databases': swapDatabases,
  'drop-replaced': dropReplaced,
}

export type RestoreStep = StepOf<typeof restoreKinds>
