import type { StepOutcome } from '../model/outcome.ts'
import type { Plan } from '../model/plan.ts'
import type { Paint } from './paint.ts'
import { plural, renderDuration } from './render.ts'

/** Every step of a rollback with the SQL that it will run. */
export const renderRollback = ({ steps }: Plan, { bold, dim }: Paint): string =>
  steps
    .map((step, index) => {
      if (step.kind !== 'rollback-migration') return `${dim(String(index + 1).padStart(3))}  ${step.kind}\n`
      const { file, down, downLine } = step.migration
      const sql = down.trimEnd().split('\n')
      const width = String(downLine + sql.length).length
      const lines = sql.map(
        (line, at) => `      ${dim(`${String(downLine + at).padStart(width)} |`)} ${line}\n`,
      )
      const title = `${step.managed.database}  ${bold(`roll back ${file}`)}`
      return `${dim(String(index + 1).padStart(3))}  ${title}\n${lines.join('')}`
    })
    .join('')

export type RollbackSummary = { environment: string; outcomes: readonly StepOutcome[]; ms: number }

/** `dev: 1 migration rolled back in 0.4 s (calendar: 00011_add_kind.sql).` */
export const renderRolledBack = ({ environment, outcomes, ms }: RollbackSummary): string => {
  const undone = outcomes.flatMap(({ step }) => (step.kind === 'rollback-migration' ? step : []))
  const names = undone.map(({ migration }) => migration.file).join(', ')
  const database = undone[0]?.managed.database ?? ''
  return `${environment}: ${plural(undone.length, 'migration')} rolled back in ${renderDuration(ms)} (${database}: ${names}).\n`
}
