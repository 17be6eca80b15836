import type { Kind } from '../../model/kind.ts'
import type { ManagedDatabase, Migration } from '../../model/types.ts'
import type { MigrateTools } from '../migrate-tools.ts'

/** Writes down that a file's new text is known to be harmless. */
export type AcceptEdit = { kind: 'accept-edit'; managed: ManagedDatabase; migration: Migration }

export const acceptEdit: Kind<AcceptEdit, MigrateTools> = {
  words: ({ managed, migration }) => [managed.database, `accept the edit of ${migration.file}`],
  line: ({ managed, migration }) => [managed.database, `accept the edit of ${migration.file}`],
  // Loaded when there is one, as a file's work is.
  perform: async (step, { engine, run, provenance }) => {
    const { recordAcceptedEdit } = await import('../../io/postgres/ledger-attempts.ts')
    return recordAcceptedEdit(engine.server, { run, provenance: await provenance(), ...step })
  },
}
