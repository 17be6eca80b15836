import type { StepOf } from '../../model/kind.ts'
import { verifyMigration } from './verify-migration.ts'

/** What `verify` can do. */
export const verifyKinds = { 'verify-migration': verifyMigration }

export type VerifyStep = StepOf<typeof verifyKinds>
