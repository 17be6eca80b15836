import { historyCommand } from './history.ts'
import { lockCommand } from './lock.ts'
import { newCommand } from './new.ts'
import { planCommand } from './plan.ts'
import { rollbackCommand } from './rollback.ts'
import { statusCommand } from './status.ts'
import { upCommand } from './up.ts'

/** Verbs of every deploy, which are loaded together: each file more is looked for, read and linked. */
export const everyday = {
  up: upCommand,
  plan: planCommand,
  status: statusCommand,
  rollback: rollbackCommand,
  new: newCommand,
  history: historyCommand,
  lock: lockCommand,
}
