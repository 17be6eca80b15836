import type { Kind } from '../../model/kind.ts'
import type { ManagedDatabase } from '../../model/types.ts'
import type { MigrateTools } from '../migrate-tools.ts'

export type CreateDatabase = { kind: 'create-database'; managed: ManagedDatabase }

export const createDatabase: Kind<CreateDatabase, MigrateTools> = {
  words: ({ managed }) => [managed.database, 'create database'],
  line: ({ managed }) => [managed.database, 'create database'],
  // Loaded when one is missing.
  perform: async ({ managed }, tools) =>
    (await import('../create-database.ts')).createDatabase(managed, tools),
}
