import { storeName } from '../fleet/tell.ts'
import { unappliedFiles } from '../model/history.ts'
import { ignoreLine, tellSame } from '../model/policy.ts'
import type { DatabaseState, Environment, MigrationFile, Problem } from '../model/types.ts'
import { tellProblem } from './policy.ts'

type Noted = { name: string; problem: Problem }

const problemsIn = (
  databases: readonly DatabaseState[],
  of: (file: MigrationFile) => readonly Problem[],
): Noted[] =>
  distinct(
    databases.flatMap((state) =>
      unappliedFiles(state).flatMap((file) =>
        of(file).map((problem) => ({ name: storeName(state.managed), problem })),
      ),
    ),
  )

/** Databases of a fleet have the same files, in which the same is found. */
const distinct = (noted: readonly Noted[]): Noted[] => [
  ...new Map(
    noted.map((one) => [`${one.name} ${one.problem.file} ${one.problem.line} ${one.problem.message}`, one]),
  ).values(),
]

/** Grouped by rule, each group with what it means here. */
const tell = (noted: readonly Noted[], means: (rule: string) => string): string[] =>
  [...Map.groupBy(noted, ({ problem }) => problem.rule)].flatMap(([rule, group]) => [
    ...tellSame(group.map(({ name, problem }) => tellProblem(name, problem))),
    `  ${means(rule)}`,
  ])

/**
 * What lint found and this run goes past: warnings that only other environments refuse, because their policy does or because
 * a table has rows there, and down sections that cannot run.
 */
export const findNotes = (
  { policy, strictBeside = [] }: Environment,
  databases: readonly DatabaseState[],
): string[] => {
  const others = strictBeside.join(', ')
  const refuse = `${others} ${strictBeside.length === 1 ? 'refuses' : 'refuse'} it`
  const silent = problemsIn(databases, (file) => file.silent ?? [])
  const allowed = problemsIn(databases, ({ problems }) => problems).filter(
    ({ problem }) => problem.level === 'warning',
  )
  const elsewhere = strictBeside.length > 0
  return [
    ...tell(
      elsewhere && policy.warnings === 'allow' ? allowed : [],
      (rule) => `allowed here; ${refuse}, unless it says "${ignoreLine(rule)}"`,
    ),
    ...tell(
      silent.filter(({ problem }) => elsewhere && problem.level === 'warning'),
      (rule) => `the table is empty here; where it has rows, ${refuse}, unless it says "${ignoreLine(rule)}"`,
    ),
    ...tell(
      silent.filter(({ problem }) => problem.level === 'error'),
      () => 'stops no run; a rollback is refused until it is put right',
    ),
  ]
}
