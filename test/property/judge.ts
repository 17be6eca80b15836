import { type Case, versionsOf } from './case.ts'
import { judgeBackup } from './judge-backup.ts'
import { judgeMigrations } from './judge-migrations.ts'
import { judgeRestore } from './judge-restore.ts'
import { judgeFrame, judgeOthers, judgePromise } from './judge-run.ts'
import { expectRollback, expectUp } from './model.ts'

/** @throws Violation where what was said is not what is. */
export const judge = (one: Case): void => {
  const { operation, before, site } = one
  judgeFrame(one)
  judgePromise(one)
  judgeOthers(one)
  const versions = versionsOf(before, operation)
  if (operation.op === 'up') judgeMigrations(one, expectUp(site.files, versions, operation.stage))
  if (operation.op === 'rollback') judgeMigrations(one, expectRollback(versions, operation))
  if (operation.op === 'backup') judgeBackup(one)
  if (operation.op === 'restore') judgeRestore(one)
}
