import type { Kind } from '../../model/kind.ts'
import type { ManagedDatabase, Migration } from '../../model/types.ts'

/** Up, down, and up again, each looked at; or up alone, of a file that is not to be verified. */
export type VerifyMigration = { kind: 'verify-migration'; managed: ManagedDatabase; migration: Migration }

export type VerifyTools = {
  /** @throws AppError (exit 1) with what is wrong with it. */
  verify: (step: VerifyMigration) => Promise<void>
}

export const verifyMigration: Kind<VerifyMigration, VerifyTools> = {
  words: ({ managed, migration }) => [managed.name, `${migration.file}: up, down, up again`],
  line: ({ managed, migration }) => [managed.name, migration.file],
  leavesNothing: true,
  perform: async (step, { verify }) => verify(step),
}
