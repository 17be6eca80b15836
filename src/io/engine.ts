import type { Dbmate, PlannedFile } from './dbmate.ts'
import type { Server } from './postgres.ts'

export type Progress = (text: string) => void

/** What runs dbmate, and the server it runs against. */
export type Engine = AsyncDisposable & {
  server: Server
  /** What `up` would have to pull first: a reference, or nothing. */
  missingImage: () => Promise<string | undefined>
  pull: (reference: string, onProgress: Progress) => Promise<void>
  openDbmate: (files: readonly PlannedFile[]) => Promise<Dbmate>
  /** What Postgres logged beside this statement's error since then (DETAIL, HINT …), which dbmate does not print. */
  logged: (statement: string, since: Date) => Promise<readonly string[]>
}
