import type { Kind } from '../../model/kind.ts'
import type { ManagedDatabase, Migration } from '../../model/types.ts'
import { migrateFile } from '../migrate-file.ts'
import type { MigrateTools } from '../migrate-tools.ts'

export type ApplyMigration = { kind: 'apply-migration'; managed: ManagedDatabase; migration: Migration }

export const applyMigration: Kind<ApplyMigration, MigrateTools> = {
  words: ({ managed, migration }) => [managed.database, migration.file],
  line: ({ managed, migration }) => [managed.database, migration.file],
  perform: async (step, tools) => migrateFile({ ...(await tools.forFile(step)), direction: 'up' }),
}
