import { removeAttempts } from '../io/postgres/ledger-attempts.ts'
import type { Server } from '../io/postgres/postgres.ts'
import type { ManagedDatabase, Migration } from '../model/types.ts'

type File = { managed: ManagedDatabase; migration: Migration }

/** The row of a file that was written together with the end of the file before, until its own step begins. */
export type RowAhead = {
  put: (file: File, id: string) => void
  /** Its id, for the file that begins now. */
  take: (file: File) => string | undefined
  /** The file is not begun: lint reads it again. */
  drop: () => Promise<void>
}

/** Files of one lane follow one another, so that there is one row at most. */
export const openRowAhead = (server: Server): RowAhead => {
  let row: { database: string; version: string; id: string } | undefined
  return {
    put: ({ managed: { database }, migration: { version } }, id) => {
      row = { database, version, id }
    },
    take: ({ managed: { database }, migration: { version } }) => {
      if (row?.database !== database || row.version !== version) return undefined
      const { id } = row
      row = undefined
      return id
    },
    drop: async () => {
      // What cannot be taken back is settled by the next run.
      if (row) await removeAttempts(server, row.database, [row.id]).catch(() => {})
    },
  }
}
