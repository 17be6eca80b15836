import { sectionOf } from '../model/migration.ts'
import type { Step } from '../model/step.ts'
import type { Migration } from '../model/types.ts'

/**
 * The file directly behind this one in the same database, where its row in the ledger may be written before its step begins. A row that
 * a dead run leaves of a file outside a transaction is for a person to judge: such a file has its row when it begins.
 */
export const nextFile = (steps: readonly Step[], step: Step): Migration | undefined => {
  const index = steps.indexOf(step)
  const next = index < 0 ? undefined : steps[index + 1]
  if (!next?.migration || next.kind !== step.kind || next.managed?.database !== step.managed?.database)
    return undefined
  const direction = next.kind === 'rollback-migration' ? 'down' : 'up'
  return sectionOf(next.migration, direction).transaction ? next.migration : undefined
}
