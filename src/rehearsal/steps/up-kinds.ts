import type { StepOf } from '../../model/kind.ts'
import { migrateKinds } from '../../run/steps/migrate-kinds.ts'
import { rehearse } from './rehearse.ts'

/** What `up` can do on its own, with a rehearsal before it. */
export const upKinds = { ...migrateKinds, rehearse }

export type UpStep = StepOf<typeof upKinds>
