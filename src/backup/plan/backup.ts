import { AppError, exitCodes } from '../../errors.ts'
import type { Plan } from '../../model/plan.ts'
import type { BackupStep } from '../steps/backup-kinds.ts'

export type BackupWorld = {
  environment: string
  /** Names on the server of the managed databases that exist. */
  existing: readonly string[]
  /** Where the backup will stand. */
  directory: string
  /** Whether the config has a command for it then. */
  after?: boolean
}

/**
 * What `backup` will do: dump every database on one moment and the roles, prove them, keep the whole.
 * @throws AppError (exit 4) when there is nothing to back up.
 */
export const planBackup = ({
  environment,
  existing,
  directory,
  after = false,
}: BackupWorld): Plan<BackupStep> => {
  if (existing.length === 0)
    throw new AppError(`${environment} has no database yet: there is nothing to back up.`, {
      exitCode: exitCodes.refused,
      hint: `po-migrate up ${environment}`,
    })
  return {
    version: 1,
    command: 'backup',
    environment,
    steps: [
      ...existing.map((database) => ({ kind: 'dump-database', database }) as const),
      { kind: 'dump-roles' },
      { kind: 'prove-backup' },
      { kind: 'keep-backup', directory },
      ...(after ? [{ kind: 'after-backup', directory } as const] : []),
    ],
  }
}
