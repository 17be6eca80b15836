import type { Kind } from '../../model/kind.ts'
import type { ManagedDatabase, Migration } from '../../model/types.ts'
import { migrateFile } from '../migrate-file.ts'
import type { MigrateTools } from '../migrate-tools.ts'

export type RollbackMigration = {
  kind: 'rollback-migration'
  managed: ManagedDatabase
  migration: Migration
}

export const rollbackMigration: Kind<RollbackMigration, MigrateTools> = {
  words: ({ managed, migration }) => [managed.database, `roll back ${migration.file}`],
  line: ({ managed, migration }) => [managed.database, `roll back ${migration.file}`],
  perform: async (step, tools) => migrateFile({ ...(await tools.forFile(step)), direction: 'down' }),
}
