import type { Step } from './plan.ts'

export type StepStatus = 'done' | 'failed' | 'skipped'

export type StepOutcome = { step: Step; status: StepStatus }

const databaseOf = (step: Step): string | undefined =>
  step.kind === 'create-database' || step.kind === 'apply-migration' ? step.managed.database : undefined

const groupByDatabase = (outcomes: readonly StepOutcome[]): Map<string, StepOutcome[]> => {
  const groups = new Map<string, StepOutcome[]>()
  for (const outcome of outcomes) {
    const database = databaseOf(outcome.step)
    if (database !== undefined) groups.set(database, [...(groups.get(database) ?? []), outcome])
  }
  return groups
}

const describeGroup = (database: string, outcomes: readonly StepOutcome[]): string => {
  const count = (status: StepStatus): number => outcomes.filter((outcome) => outcome.status === status).length
  const done = count('done')
  if (done === outcomes.length) return `${database} done`
  if (done === 0 && count('failed') === 0) return `${database} untouched`
  const applied = outcomes.flatMap(({ step, status }) =>
    step.kind === 'apply-migration' && status === 'done' ? step.migration.version : [],
  )
  const stays =
    applied.length > 0
      ? `${applied.join(', ')} ${applied.length > 1 ? 'stay' : 'stays'} applied`
      : 'nothing new applied'
  const waiting = count('skipped')
  return `${database}: ${stays}${waiting > 0 ? `, ${waiting} not started` : ''}`
}

/** What became of a backup or a restore as a whole. */
const describeWhole = (outcomes: readonly StepOutcome[]): string[] =>
  outcomes.flatMap(({ step, status }) => {
    if (step.kind === 'keep-backup' && status !== 'done') return 'no backup was kept'
    if (step.kind !== 'swap-databases') return []
    const names = step.swaps.map(({ database }) => database).join(', ')
    return status === 'done' ? `${names} restored` : `${names} as before`
  })

/** Where a stopped run left every database of its plan: `iam_qual done; calendar_qual: 00008 stays applied; rag_qual untouched`. */
export const describeOutcome = (outcomes: readonly StepOutcome[]): string =>
  [
    ...[...groupByDatabase(outcomes)].map(([database, group]) => describeGroup(database, group)),
    ...describeWhole(outcomes),
  ].join('; ')
