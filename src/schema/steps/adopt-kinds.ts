import type { StepOf } from '../../model/kind.ts'
import { adoptDatabase } from './adopt-database.ts'

/** What `adopt` can do. */
export const adoptKinds = { 'adopt-database': adoptDatabase }

export type AdoptStep = StepOf<typeof adoptKinds>
