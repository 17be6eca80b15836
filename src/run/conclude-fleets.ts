import { AppError, amend, exitCodes } from '../errors.ts'
import { type Rolled, tellStops } from '../fleet/rollout.ts'
import { databaseOf } from '../model/outcome.ts'
import type { Plan } from '../model/plan.ts'
import { countAside, tellAside } from '../plan/aside.ts'
import type { RunResult } from './run-result.ts'

type FleetEnd = {
  rolled: readonly Rolled[]
  /** Whether the session of the lock ended. */
  lost: boolean
}

const withoutLock = 'The session that held the lock ended, so nothing else was begun.'

const describeAside = (plan: Plan): string[] =>
  plan.aside?.length ? [`${countAside(plan)} refused, and left alone:`, ...tellAside(plan)] : []

/** The end of a run with fleets: why the rest of one was not begun, and which databases were left alone, which is no success. */
export const concludeFleets = (result: RunResult, plan: Plan, { rolled, lost }: FleetEnd): RunResult => {
  const { error, outcomes } = result
  const failed = new Set(
    outcomes.filter(({ status }) => status === 'failed').map(({ step }) => databaseOf(step)),
  )
  if (error) {
    const stops = tellStops(rolled, failed)
    const left = outcomes.some(({ step, status }) => step.managed?.member && status === 'skipped')
    const alone = lost && left && stops.length === 0 ? [withoutLock] : []
    const details = [...error.details, ...stops, ...alone, ...describeAside(plan)]
    return { ...result, error: amend(error, { details }) }
  }
  if (result.status !== 'done' || !plan.aside?.length) return result
  const told = new AppError(`${plan.environment}: ${countAside(plan)} refused; the others are done.`, {
    exitCode: exitCodes.failed,
    touched: true,
    details: tellAside(plan),
    hint: `po-migrate status ${plan.environment}`,
  })
  return { ...result, status: 'failed', exit: told.exitCode, error: told }
}

/** Without the databases that turned out to be in no state for it. */
export const setAside = <P extends Plan>(plan: P, aside: NonNullable<Plan['aside']>): P => {
  if (aside.length === 0) return plan
  const names = new Set(aside.map(({ managed }) => managed.name))
  const steps = plan.steps.filter(({ managed }) => !(managed && names.has(managed.name)))
  return { ...plan, steps, aside: [...(plan.aside ?? []), ...aside] }
}
