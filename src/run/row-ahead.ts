import { removeAttempts } from '../io/postgres/ledger-attempts.ts'
import type { Server } from '../io/postgres/postgres.ts'
import type { ManagedDatabase, Migration } from '../model/types.ts'

type File = { managed: ManagedDatabase; migration: Migration }

/** The row of a file that was written together with the end of the file before, until its own step begins. */
export type RowAhead = {
  put: (file: File, id: string) => void
  /** Its id, for the file that begins now. */
  take: (file: File) => string | undefined
  /** The files are not begun: lint reads them again. */
  drop: () => Promise<void>
}

/** One at most in each database. One is left where what failed elsewhere stops its database, and the lane goes on with another. */
export const openRowAhead = (server: Server): RowAhead => {
  const rows = new Map<string, { version: string; id: string }>()
  return {
    put: ({ managed: { database }, migration: { version } }, id) => {
      rows.set(database, { version, id })
    },
    take: ({ managed: { database }, migration: { version } }) => {
      const row = rows.get(database)
      if (row?.version !== version) return undefined
      rows.delete(database)
      return row.id
    },
    drop: async () => {
      // What cannot be taken back is settled by the next run.
      for (const [database, { id }] of rows) await removeAttempts(server, database, [id]).catch(() => {})
    },
  }
}
