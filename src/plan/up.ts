import { AppError, exitCodes } from '../errors.ts'
import { history, unappliedFiles } from '../model/history.ts'
import type { Plan } from '../model/plan.ts'
import { type Lifted, nothingLifted, tellRefusals } from '../model/policy.ts'
import { describeStep, type Step, stepKey } from '../model/step.ts'
import type { DatabaseState, Environment } from '../model/types.ts'
import type { MigrateStep } from '../run/steps/migrate-kinds.ts'
import { asideOf, requireSome } from './aside.ts'
import { refuseFaults, refuseSizes } from './fit-files.ts'
import { findNotes } from './notes.ts'
import { obstacleOf, requireUnobstructed } from './obstacles.ts'
import { findRefusals } from './policy.ts'

export type UpWorld = {
  environment: Environment
  databases: readonly DatabaseState[]
  /** dbmate's image when this machine has to pull it first. */
  missingImage: string | undefined
  /** What the operator lifted; left out: nothing. */
  lifted?: Lifted
}

/** An accepted edit is written down, so that the next run does not ask again. */
const acceptedEdits = (
  { managed, files, applied, checksums }: DatabaseState,
  lifted: Lifted,
): MigrateStep[] =>
  history(files, applied, checksums).flatMap(({ version, state }): MigrateStep[] => {
    const migration = files.find((file) => file.version === version)?.migration
    return state === 'edited' && migration && lifted.edited.includes(version)
      ? [{ kind: 'accept-edit', managed, migration }]
      : []
  })

const stepsOf = (state: DatabaseState, lifted: Lifted): MigrateStep[] => {
  const { managed, exists } = state
  const apply = unappliedFiles(state).flatMap(({ migration }): MigrateStep[] =>
    migration ? [{ kind: 'apply-migration', managed, migration }] : [],
  )
  return exists
    ? [...acceptedEdits(state, lifted), ...apply]
    : [{ kind: 'create-database', managed }, ...apply]
}

/**
 * What `up` will do: create what is missing, then apply every unapplied file, database by database.
 * @throws AppError (exit 2) for files that dbmate would lose or refuse.
 */
export const planUp = (world: UpWorld): Plan<MigrateStep> => {
  const { environment, databases, missingImage, lifted = nothingLifted } = world
  refuseFaults(databases)
  const aside = databases.flatMap((state) => asideOf(state, environment, lifted) ?? [])
  const set = new Set(aside.map(({ managed }) => managed.name))
  const rest = databases.filter(({ managed }) => !set.has(managed.name))
  const obstacles = rest.flatMap((state) => obstacleOf(state, environment) ?? [])
  const free = rest.filter((state) => !obstacleOf(state, environment))
  const steps = free.flatMap((state) => stepsOf(state, lifted))
  refuseSizes(environment, free)
  const notes = findNotes(environment, free)
  const pull: MigrateStep[] =
    missingImage && steps.length > 0 ? [{ kind: 'pull-image', image: missingImage }] : []
  return {
    version: 1,
    command: 'up',
    environment: environment.name,
    steps: [...pull, ...steps],
    refusals: findRefusals(environment, free, lifted),
    ...(notes.length > 0 && { notes }),
    ...(obstacles.length > 0 && { obstacles }),
    ...(aside.length > 0 && { aside }),
  }
}

/**
 * A plan that the environment's policy refuses is shown, and never executed.
 * @throws AppError (exit 4) with what is in the way, or all refusals, each with the one flag that lifts it.
 */
export const requireAllowed = (plan: Plan, command: string): void => {
  requireUnobstructed(plan.obstacles)
  requireSome(plan)
  const { environment, refusals = [] } = plan
  if (refusals.length === 0) return
  const flags = [...new Set(refusals.map(({ flag }) => flag))]
  throw new AppError(`${environment}: refused by policy.`, {
    exitCode: exitCodes.refused,
    details: tellRefusals(refusals, environment),
    hint: `put it right, or, if it is meant so: ${command} ${flags.join(' ')}`,
  })
}

const keyOf = (step: Step): string => JSON.stringify({ ...describeStep(step, 0) })

/**
 * Whoever looked at a plan, and perhaps confirmed it, gets that or less: less when another run did part of it meanwhile.
 * `look`: the command that shows what has become of it.
 * @throws AppError (exit 4) when something came in that was not shown.
 */
export const requireShown = (shown: Plan, planned: Plan, look: string): void => {
  const known = new Set(shown.steps.map(keyOf))
  const news = planned.steps.filter((step) => step.kind !== 'pull-image' && !known.has(keyOf(step)))
  if (news.length === 0) return
  throw new AppError(`The plan for ${planned.environment} grew while this run waited for the lock.`, {
    exitCode: exitCodes.refused,
    details: news.map(stepKey),
    hint: look,
  })
}
