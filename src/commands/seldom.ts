import { adoptCommand } from './adopt.ts'
import { backupCommand } from './backup.ts'
import { cutoverCommand } from './cutover.ts'
import { doctorCommand } from './doctor.ts'
import { driftCommand } from './drift.ts'
import { initCommand } from './init.ts'
import { lintCommand } from './lint.ts'
import { reportCommand } from './report.ts'
import { restoreCommand } from './restore.ts'
import { startCommand } from './start.ts'
import { verifyCommand } from './verify.ts'

/** Verbs that bring much of their own with them. */
export const seldom = {
  init: initCommand,
  lint: lintCommand,
  verify: verifyCommand,
  drift: driftCommand,
  adopt: adoptCommand,
  report: reportCommand,
  backup: backupCommand,
  restore: restoreCommand,
  start: startCommand,
  cutover: cutoverCommand,
  doctor: doctorCommand,
}
