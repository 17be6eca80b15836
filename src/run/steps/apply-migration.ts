import type { Kind } from '../../model/kind.ts'
import type { ManagedDatabase, Migration } from '../../model/types.ts'
import type { MigrateTools } from '../migrate-tools.ts'

export type ApplyMigration = { kind: 'apply-migration'; managed: ManagedDatabase; migration: Migration }

export const applyMigration: Kind<ApplyMigration, MigrateTools> = {
  words: ({ managed, migration }) => [managed.database, migration.file],
  line: ({ managed, migration }) => [managed.database, migration.file],
  // Loaded when a file runs: most runs find nothing to do.
  perform: async (step, tools) => {
    const batch = await tools.batchOf(step)
    if (batch) return batch.perform(step.migration)
    const { migrateFile } = await import('../migrate-file.ts')
    return migrateFile({ ...(await tools.forFile(step)), direction: 'up' })
  },
}
