import type { Client } from 'pg'
import type { AppError } from '../errors.ts'
import type { Dbmate, PlannedFile } from './dbmate/dbmate.ts'
import type { Docker } from './docker/docker.ts'
import type { Server } from './postgres/postgres.ts'

export type Progress = (text: string) => void

/** A container with pg_dump and pg_restore, and what makes them ask the right server. */
export type Tools = { image: string; container: string; env?: Readonly<Record<string, string>> }

/** What runs dbmate, and the server it runs against. */
export type Engine = AsyncDisposable & {
  server: Server
  /** What Docker has of the server, and beside it; absent where the engine does without. */
  shared?: {
    docker: Docker
    /** By which containers of runs belong to this server: its own container's id, or else its system_identifier. */
    id: string
    /** Whose containers beside the server are no leftovers: they end with this engine. */
    run?: string
    /** Volumes that it mounts. */
    volumes: readonly string[]
    /** Ids that count as this project. */
    projects: readonly string[]
    /** Where the server's own tools are: in its container, or in one beside it that ends with the engine. */
    tools: (onProgress?: Progress) => Promise<Tools>
    toolsImage: () => Promise<string>
  }
  /** Why there is no `shared`: no Docker answers, or none is asked. */
  unshared?: AppError
  /** Opens the session whose life is the lock's life; absent where the engine allows one process only. */
  lockSession?: () => Promise<Client>
  /** What the ledger says of a binary; of an image its reference is said. */
  dbmateVersion?: () => Promise<string>
  /** The id of dbmate's image, for the ledger. */
  imageId: () => Promise<string>
  /** Ends the backends of this run's dbmate, or those in one database: a killed client leaves its statement running. */
  cancel: (database?: string) => Promise<void>
  /** What `up` would have to pull first: a reference, or nothing. */
  missingImage: () => Promise<string | undefined>
  pull: (reference: string, onProgress: Progress) => Promise<void>
  /** dbmate's lines come as it writes them, and it ends with this process: several files may share a call. */
  followsDbmate?: true
  /** `lane`: which of several that run side by side. */
  openDbmate: (files: readonly PlannedFile[], lane?: number) => Promise<Dbmate>
  /** What Postgres logged beside this statement's error since then (DETAIL, HINT …), which dbmate does not print. */
  logged: (statement: string, since: Date) => Promise<readonly string[]>
}
