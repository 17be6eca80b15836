import type { StepOf } from '../../model/kind.ts'
import { acceptEdit } from './accept-edit.ts'
import { applyMigration } from './apply-migration.ts'
import { createDatabase } from './create-database.ts'
import { pullImage } from './pull-image.ts'
import { rollbackMigration } from './rollback-migration.ts'

/** What `up` and `rollback` can do. */
export const migrateKinds = {
  'pull-image': pullImage,
  'create-database': createDatabase,
  'apply-migration': applyMigration,
  'rollback-migration': rollbackMigration,
  'accept-edit': acceptEdit,
}

export type MigrateStep = StepOf<typeof migrateKinds>
