import { AppError, amend, exitCodes, interruptionCode } from '../errors.ts'
import { tellFailures } from '../fleet/tell.ts'
import { type Kinds, kindOf } from '../model/kind.ts'
import { describeOutcome, type StepOutcome } from '../model/outcome.ts'
import type { Step } from '../model/step.ts'
import type { ManagedDatabase } from '../model/types.ts'
import type { RunResult } from './run-result.ts'

export type ConcludeOptions<S extends Step> = {
  kinds: Kinds<S>
  interrupt: AbortSignal
  stop: AbortSignal
  /** The command that goes on from where a failed or interrupted run stopped; a function where that depends on what was done. */
  resume: string | ((outcomes: readonly StepOutcome<S>[]) => string)
}

type Outcomes<S extends Step> = readonly StepOutcome<S>[]

/** Whether anything that stays was changed. */
const hasChanged = <S extends Step>(outcomes: Outcomes<S>, { kinds }: ConcludeOptions<S>): boolean =>
  outcomes.some(({ step, status, work }) => work || (status === 'done' && !kindOf(kinds, step).leavesNothing))

/** How the run left each database, and what its kinds of step have to say. */
export const describeLeft = <S extends Step>(
  outcomes: Outcomes<S>,
  { kinds }: ConcludeOptions<S>,
): string[] => [
  ...describeOutcome(outcomes),
  ...outcomes.flatMap(({ step, status }) => kindOf(kinds, step).left?.(step, status) ?? []),
]

export const resumeOf = <S extends Step>({ resume }: ConcludeOptions<S>, outcomes: Outcomes<S>): string =>
  typeof resume === 'string' ? resume : resume(outcomes)

const stopped = <S extends Step>(
  error: AppError,
  outcomes: Outcomes<S>,
  options: ConcludeOptions<S>,
): AppError => {
  const resume = resumeOf(options, outcomes)
  return amend(error, {
    touched: hasChanged(outcomes, options) || error.touched,
    details: [...error.details, ...describeLeft(outcomes, options)],
    hint: error.hint ? `${error.hint}, then: ${resume}` : resume,
  })
}

const interrupted = <S extends Step>(
  outcomes: Outcomes<S>,
  options: ConcludeOptions<S>,
  waiting?: AppError,
): RunResult => {
  const { interrupt, stop } = options
  const exit = interruptionCode(interrupt.reason)
  const finished = waiting ? 'no further try was made' : 'the running step was finished'
  const how = stop.aborted ? 'the running step was cut off' : finished
  const begun = outcomes.some(
    ({ step, status }) => status !== 'skipped' && !kindOf(options.kinds, step).leavesNothing,
  )
  const error = new AppError(`Interrupted by ${interrupt.reason}; ${how}.`, {
    exitCode: exit,
    touched: hasChanged(outcomes, options) || (begun ? waiting?.touched : false),
    details: [...(waiting ? [waiting.message, ...waiting.details] : []), ...describeLeft(outcomes, options)],
    hint: resumeOf(options, outcomes),
  })
  return { outcomes, status: 'interrupted', exit, error }
}

export type Failure = { managed: ManagedDatabase | undefined; error: AppError }

/** Several databases failed, each for a reason of its own; those of a fleet by what was said. */
const combine = (failures: readonly Failure[]): AppError | undefined => {
  const [first] = failures
  if (!first || failures.length === 1) return first?.error
  const members = failures.flatMap(({ managed, error }) =>
    managed?.member
      ? { ...error, message: error.message, ...managed.member, database: managed.database }
      : [],
  )
  const named = failures.filter(({ managed }) => !managed?.member)
  return new AppError(`${failures.length} databases failed.`, {
    exitCode: exitCodes.failed,
    touched: failures.some(({ error }) => error.touched) || undefined,
    details: [
      ...named.flatMap(({ error: { message, details, hint } }) => [
        message,
        ...details.map((line) => `  ${line}`),
        ...(hint ? [`  → ${hint}`] : []),
      ]),
      ...tellFailures(members),
    ],
  })
}

/** What no signal cuts off failed by itself, and only its own words tell of it. */
const isCutOff = <S extends Step>(outcomes: Outcomes<S>, { kinds }: ConcludeOptions<S>): boolean =>
  !outcomes.some(({ step, status }) => kindOf(kinds, step).isAtomic && status === 'failed')

/** What a run came to, told with how it left each database. */
export const conclude = <S extends Step>(
  outcomes: Outcomes<S>,
  failures: readonly Failure[],
  options: ConcludeOptions<S>,
): RunResult => {
  const failure = combine(failures)
  if (failure && options.stop.aborted)
    return interrupted(outcomes, options, isCutOff(outcomes, options) ? undefined : failure)
  if (failure?.exitCode === exitCodes.interrupted) return interrupted(outcomes, options, failure)
  if (failure) {
    const error = stopped(failure, outcomes, options)
    return { outcomes, status: 'failed', exit: error.exitCode, error }
  }
  if (outcomes.some(({ status }) => status === 'skipped')) return interrupted(outcomes, options)
  return { outcomes, status: 'done', exit: exitCodes.done }
}
