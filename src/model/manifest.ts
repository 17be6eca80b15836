import type { DatabaseInventory, RoleInventory, TablespaceInventory } from './inventory.ts'

/** A file of a backup, by its name in the backup's directory; sha256 in hex. */
export type BackupFile = { file: string; bytes: number; sha256: string }

/** Directories of backups that were removed, and those that could not be. */
export type Removal = { removed: readonly string[]; left: readonly { directory: string; why: string }[] }

/** A materialized view that could not be filled where the backup was proven, and why. */
export type Unproven = { database: string; name: string; why: string }

/** What stands in a backup's `manifest.json`; no password and no verifier of one. */
export type Manifest = {
  version: 1
  run: string
  /** Whose it is, its place among the runs of that project, and the volume; older releases wrote none of them. */
  project?: string
  sequence?: number
  volume?: string
  /** Of the server, as a string: to be looked at, never to refuse. */
  systemIdentifier?: string
  /** Environment, or whatever else the backup is of. */
  environment: string
  /** ISO 8601: the moment of the snapshots. */
  takenAt: string
  /**
   * ISO 8601: when it had been restored into a scratch server and compared. Left out for what a cutover dumps while the
   * services are down: that is restored and compared at once, in the new server.
   */
  provenAt?: string
  /** What reads from outside the backup, and is empty after a restore where that does not answer. */
  unproven?: readonly Unproven[]
  /** Version of po-migrate. */
  tool: string
  server: {
    /** As `show server_version` has it. */
    version: string
    /** Id of the image that ran it, and that it was proven with. */
    image: string
    preload: string
    /** The superuser that dumped. */
    user: string
  }
  /** `pg_current_snapshot()` before the first snapshot: see `mayHaveWritten`. */
  position: string
  /** By pg_dumpall, with the verifiers of the roles' passwords. */
  globals: BackupFile
  /** False where whoever dumped could not read them: then the roles have none in `globals`. */
  rolePasswords?: false
  roles: readonly RoleInventory[]
  tablespaces: readonly TablespaceInventory[]
  databases: readonly (BackupFile & {
    /** As of the snapshot that was dumped. */
    inventory: DatabaseInventory
  })[]
}

const digits = /^\d+/

/** `17` of `17.11 (Debian 17.11-0+deb13u1)`. */
export const majorOf = (version: string): number => Number(digits.exec(version)?.[0] ?? 0)
