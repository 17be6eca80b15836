import { AppError, exitCodes, usageError } from '../errors.ts'
import { storeName } from '../fleet/tell.ts'
import { compareVersions, history } from '../model/history.ts'
import { isEmptySection, sectionOf } from '../model/migration.ts'
import type { Plan } from '../model/plan.ts'
import { tellSame } from '../model/policy.ts'
import type { DatabaseState, Environment, Migration, MigrationFile, Problem } from '../model/types.ts'
import type { MigrateStep } from '../run/steps/migrate-kinds.ts'
import { requireUnobstructed } from './obstacles.ts'
import { tellProblem } from './policy.ts'

export type RollbackWorld = {
  environment: Environment
  /** The one database. */
  databases: readonly DatabaseState[]
  /** dbmate's image when this machine has to pull it first. */
  missingImage: string | undefined
  target: RollbackTarget
}

/** How many of the newest applied versions go, or the version that stays the newest one. */
export type RollbackTarget = { steps: number } | { to: string }

/** Below every version: `--to` it undoes all. */
export const beforeAll = '0'

/** Why a version cannot be rolled back, or the file that does it. */
const judge = (state: DatabaseState, version: string): Migration | string => {
  const entry = history(state.files, state.applied, state.checksums).find(
    (found) => found.version === version,
  )
  const migration = state.files.find((file) => file.version === version)?.migration
  if (entry?.state === 'missing-file')
    return `${version} has no file in this checkout, so nothing tells how to undo it`
  if (!migration) return `${entry?.file} is not fit to run; see po-migrate lint`
  const { file, irreversible } = migration
  if (entry?.state === 'edited')
    return `${file} was edited since it was applied: its down section may undo something else`
  if (irreversible !== undefined) return `${file} is irreversible${irreversible && `: ${irreversible}`}`
  if (isEmptySection(sectionOf(migration, 'down')))
    return `${file} has an empty down section: dbmate would only forget that it was applied`
  return migration
}

/** @throws AppError (exit 2) when there are fewer, or the version that is to stay is not applied. */
const choose = ({ managed, applied }: DatabaseState, target: RollbackTarget, status: string): string[] => {
  const newest = [...applied].sort(compareVersions).reverse()
  if ('to' in target) {
    const { to } = target
    if (to !== beforeAll && !applied.includes(to))
      throw usageError(
        `${managed.database}: ${to} is not applied, so it cannot stay.`,
        `${status}   # --to takes an applied version, or ${beforeAll} to undo all`,
      )
    return newest.filter((version) => compareVersions(version, to) > 0)
  }
  const most = newest.length
  if (most > 0 && target.steps > most)
    throw usageError(
      `${managed.database}: ${most} ${most === 1 ? 'migration is' : 'migrations are'} applied, fewer than ${target.steps}.`,
      status,
    )
  return newest.slice(0, target.steps)
}

/** The version that is the newest one when all of a plan is undone: naming it may be repeated, a number may not. */
export const staysOf = ({ steps }: Plan, applied: readonly string[]): string => {
  const going = new Set(steps.flatMap(({ migration }) => migration?.version ?? []))
  return (
    applied
      .filter((version) => !going.has(version))
      .sort(compareVersions)
      .at(-1) ?? beforeAll
  )
}

/**
 * What `rollback` will do: the newest applied versions by dbmate's order, newest first. Which they are is read from the
 * table of versions: dbmate by itself takes the newest *file*, and undoes the wrong one when the newest has none.
 * @throws AppError (exit 4) when one of them cannot be undone.
 */
export const planRollback = ({
  environment,
  databases,
  missingImage,
  target,
}: RollbackWorld): Plan<MigrateStep> => {
  const [first] = databases
  requireUnobstructed(databases.flatMap(({ obstacle }) => obstacle ?? []))
  const judged = databases.flatMap((state) =>
    choose(state, target, `po-migrate status ${environment.name}`).map((version) => ({
      state,
      version,
      found: judge(state, version),
    })),
  )
  const reasons = judged.flatMap(({ state, found }) =>
    typeof found === 'string' ? `${state.managed.database}: ${found}` : [],
  )
  const lost = judged.find(({ state, version }) => !state.files.some((file) => file.version === version))
  if (reasons.length > 0)
    throw new AppError(`${environment.name}: this cannot be rolled back.`, {
      exitCode: exitCodes.refused,
      details: reasons,
      // What new would write might bear the version of the file that is not here.
      hint: lost
        ? `use the checkout that has ${lost.version}, then: po-migrate rollback ${environment.name} --db ${lost.state.managed.name}`
        : `write a migration that undoes it: po-migrate new ${first && storeName(first.managed)} undo`,
    })
  const undo = judged.flatMap(({ state: { managed }, found }): MigrateStep[] =>
    typeof found === 'string' ? [] : [{ kind: 'rollback-migration', managed, migration: found }],
  )
  const pull: MigrateStep[] =
    missingImage && undo.length > 0 ? [{ kind: 'pull-image', image: missingImage }] : []
  return { version: 1, command: 'rollback', environment: environment.name, steps: [...pull, ...undo] }
}

type Judged = { file: Pick<MigrationFile, 'file'>; problems: readonly Problem[] }

/**
 * The plan with what its down sections lose and lock: it is shown before anything is asked, so that no policy has to refuse it.
 * @throws AppError (exit 2) for a down section that cannot run.
 */
export const judgeRollback = (plan: Plan<MigrateStep>, judged: readonly Judged[]): Plan<MigrateStep> => {
  const undo = plan.steps.find((step) => step.kind === 'rollback-migration')
  const name = undo ? storeName(undo.managed) : ''
  const problems = judged.flatMap((judgement) => judgement.problems)
  const errors = problems.filter(({ level }) => level === 'error')
  if (errors.length > 0)
    throw usageError(
      `${errors.length === 1 ? 'A down section is' : 'Down sections are'} not fit to run:`,
      `correct ${errors.length === 1 ? 'it' : 'them'} (po-migrate lint --explain ${errors[0]?.rule}), then roll back again`,
      errors.map((problem) => tellProblem(name, problem).message),
    )
  const warnings = problems.filter(({ rule }) => rule !== 'unused-ignore')
  const groups = Map.groupBy(warnings, ({ rule }) => rule)
  const notes = [...groups.values()].flatMap((group) =>
    tellSame(group.map((problem) => tellProblem(name, problem))),
  )
  return { ...plan, ...(notes.length > 0 && { notes }) }
}
