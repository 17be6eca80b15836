import type { StepOf } from '../../model/kind.ts'
import type { Backup } from '../take.ts'
import { afterBackup } from './after-backup.ts'
import { dumpDatabase } from './dump-database.ts'
import { dumpRoles } from './dump-roles.ts'
import { keepBackup } from './keep-backup.ts'
import { proveBackup } from './prove-backup.ts'

/** What the steps of `backup` act with. */
export type BackupTools = {
  /** The backup in the making, opened by the first step. */
  backup: () => Promise<Backup>
  /** Gives the databases' locks back: nothing more is read from them. */
  free: () => Promise<void>
  /** Gives the directory to the command of the config. */
  handOver: (directory: string) => Promise<void>
}

/** What `backup` can do. */
export const backupKinds = {
  'dump-database': dumpDatabase,
  'dump-roles': dumpRoles,
  'prove-backup': proveBackup,
  'keep-backup': keepBackup,
  'after-backup': afterBackup,
}

export type BackupStep = StepOf<typeof backupKinds>
