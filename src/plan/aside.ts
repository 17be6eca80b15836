import { AppError, exitCodes } from '../errors.ts'
import { type MemberFailure, tellFailures } from '../fleet/tell.ts'
import type { Aside, Plan } from '../model/plan.ts'
import type { Lifted } from '../model/policy.ts'
import { quoteAll } from '../model/quote.ts'
import type { DatabaseState, Environment } from '../model/types.ts'
import { obstacleOf } from './obstacles.ts'
import { findRefusals } from './policy.ts'

/** Why a database of a fleet gets nothing: what is in its way, or its own history; what is wrong with files stops all. */
export const asideOf = (
  state: DatabaseState,
  environment: Environment,
  lifted: Lifted,
): Aside | undefined => {
  const { managed } = state
  if (!managed.member) return undefined
  const obstacle = obstacleOf(state, environment)
  if (obstacle) return { ...obstacle, managed }
  const [first, ...others] = findRefusals(environment, [state], lifted).filter(
    ({ kind }) => kind !== 'warnings',
  )
  if (!first) return undefined
  const flags = [first, ...others].flatMap(({ flag }) => flag.split(' '))
  const command = quoteAll(['po-migrate', 'up', environment.name, '--db', managed.name, ...flags])
  return {
    managed,
    message: first.message,
    details: others.map(({ message }) => message),
    hint: `put it right, or, if it is meant so: ${command}`,
  }
}

const toFailure = ({ managed, ...said }: Aside): MemberFailure => ({
  fleet: managed.member?.fleet ?? managed.name,
  key: managed.member?.key ?? managed.name,
  database: managed.database,
  ...said,
})

/** What is left alone, grouped by why. */
export const tellAside = ({ aside = [] }: Pick<Plan, 'aside'>): string[] => tellFailures(aside.map(toFailure))

/** `3 databases of a fleet`, refused. */
export const countAside = ({ aside = [] }: Pick<Plan, 'aside'>): string =>
  `${aside.length} ${aside.length === 1 ? 'database' : 'databases'}`

/** @throws AppError (exit 4) where all that is left to do is refused. */
export const requireSome = (plan: Plan): void => {
  const { aside = [], steps, environment } = plan
  if (aside.length === 0 || steps.length > 0) return
  throw new AppError(`${environment}: ${countAside(plan)} refused, and nothing to do in the others.`, {
    exitCode: exitCodes.refused,
    details: tellAside(plan),
    hint: `po-migrate status ${environment}`,
  })
}
