import type { Kind } from '../../model/kind.ts'
import type { ManagedDatabase, Migration } from '../../model/types.ts'
import type { MigrateTools } from '../migrate-tools.ts'

export type RollbackMigration = {
  kind: 'rollback-migration'
  managed: ManagedDatabase
  migration: Migration
}

export const rollbackMigration: Kind<RollbackMigration, MigrateTools> = {
  words: ({ managed, migration }) => [managed.database, `roll back ${migration.file}`],
  line: ({ managed, migration }) => [managed.database, `roll back ${migration.file}`],
  // Loaded when a file runs: most runs find nothing to do.
  perform: async (step, tools) => {
    const { migrateFile } = await import('../migrate-file.ts')
    return migrateFile({ ...(await tools.forFile(step)), direction: 'down' })
  },
}
