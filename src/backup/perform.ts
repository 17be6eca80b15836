import { AppError, amend, asTouched, exitCodes } from '../errors.ts'
import type { Step } from '../model/plan.ts'
import type { Restore } from './restore.ts'
import type { Backup } from './take.ts'

export type RecoveryStep = Extract<
  Step,
  {
    kind:
      | 'dump-database'
      | 'dump-roles'
      | 'prove-backup'
      | 'keep-backup'
      | 'create-roles'
      | 'restore-beside'
      | 'swap-databases'
      | 'drop-replaced'
  }
>

/** A backup or a restore in the making, opened by its first step. */
export type RecoveryTools = {
  openBackup?: () => Promise<Backup>
  openRestore?: () => Promise<Restore>
}

export type Recovery = AsyncDisposable & { perform: (step: RecoveryStep) => Promise<void> }

const once = <T>(open: (() => Promise<T>) | undefined, name: string) => {
  let opened: Promise<T> | undefined
  return {
    get: (): Promise<T> => {
      if (!open) throw new Error(`this plan has a step that needs ${name}`)
      opened ??= open()
      return opened
    },
    peek: () => opened?.catch(() => undefined),
  }
}

const ofBackup: ReadonlySet<Step['kind']> = new Set([
  'dump-database',
  'dump-roles',
  'prove-backup',
  'keep-backup',
])

/** A backup that failed leaves nothing behind, and is a failure all the same. */
const asFailed = (error: unknown): unknown =>
  error instanceof AppError && error.exitCode === exitCodes.unreachable
    ? amend(error, { exitCode: exitCodes.failed, touched: undefined })
    : error

/** The steps of backups and restores. Once one began, a server out of reach is a failure. */
export const openRecovery = ({ openBackup, openRestore }: RecoveryTools): Recovery => {
  const backup = once(openBackup, 'a backup')
  const restore = once(openRestore, 'a restore')
  const run = async (step: RecoveryStep): Promise<void> => {
    switch (step.kind) {
      case 'dump-database':
        return (await backup.get()).dumpDatabase(step.database)
      case 'dump-roles':
        return (await backup.get()).dumpGlobals()
      case 'prove-backup':
        return (await backup.get()).prove()
      case 'keep-backup':
        return (await backup.get()).keep().then(() => {})
      case 'create-roles':
        return (await restore.get()).createRoles(step.roles)
      case 'restore-beside':
        return (await restore.get()).restoreBeside(step.database, step.beside)
      case 'swap-databases':
        return (await restore.get()).swap(step.swaps)
      case 'drop-replaced':
        return (await restore.get()).drop(step.database)
    }
  }
  return {
    perform: (step) =>
      run(step).catch((error) => {
        throw ofBackup.has(step.kind) ? asFailed(error) : asTouched(error)
      }),
    [Symbol.asyncDispose]: async () => {
      await (await backup.peek())?.[Symbol.asyncDispose]()
      await (await restore.peek())?.[Symbol.asyncDispose]()
    },
  }
}
