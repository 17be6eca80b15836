import { asAppError } from '../as-app-error.ts'
import { AppError, amend, type ExitCode, exitCodes, interruptionCode } from '../errors.ts'
import type { Gate } from '../fleet/rollout.ts'
import { tellFailures } from '../fleet/tell.ts'
import { type Kinds, kindOf, lineOf } from '../model/kind.ts'
import { databaseOf, describeOutcome, type StepOutcome } from '../model/outcome.ts'
import type { Plan } from '../model/plan.ts'
import { describeStep, type Step, stepKey } from '../model/step.ts'
import type { ManagedDatabase } from '../model/types.ts'
import { describeError, type Report, type Standing } from '../report/report.ts'

export type ExecuteOptions<S extends Step> = {
  run: string
  kinds: Kinds<S>
  perform: (step: S) => Promise<unknown>
  report: Report
  interrupt: AbortSignal
  stop: AbortSignal
  /** Whether a step began with an earlier one: an interrupt lets it finish. */
  isBegun?: (step: S) => Promise<boolean>
  /** The command that goes on from where a failed or interrupted run stopped; a function where that depends on what was done. */
  resume: string | ((outcomes: readonly StepOutcome<S>[]) => string)
  /** A failure stops the steps of its own database only; left out: it stops everything. */
  continueOnError?: boolean
  /** Instead: which steps a failure keeps from starting. */
  gate?: Gate
}

export type RunResult = {
  outcomes: readonly StepOutcome[]
  status: 'done' | 'failed' | 'refused' | 'interrupted'
  exit: ExitCode
  error?: AppError
  /** Another process goes on, and tells of itself. */
  handedOver?: true
}

/** The result of a run whose plan is empty. */
export const nothingDone: RunResult = { outcomes: [], status: 'done', exit: exitCodes.done }

type Outcomes<S extends Step> = readonly StepOutcome<S>[]

/** Whether anything that stays was changed. */
const hasChanged = <S extends Step>(outcomes: Outcomes<S>, { kinds }: ExecuteOptions<S>): boolean =>
  outcomes.some(({ step, status, work }) => work || (status === 'done' && !kindOf(kinds, step).leavesNothing))

/** How the run left each database, and what its kinds of step have to say. */
const describeLeft = <S extends Step>(outcomes: Outcomes<S>, { kinds }: ExecuteOptions<S>): string[] => [
  ...describeOutcome(outcomes),
  ...outcomes.flatMap(({ step, status }) => kindOf(kinds, step).left?.(step, status) ?? []),
]

const resumeOf = <S extends Step>({ resume }: ExecuteOptions<S>, outcomes: Outcomes<S>): string =>
  typeof resume === 'string' ? resume : resume(outcomes)

const stopped = <S extends Step>(
  error: AppError,
  outcomes: Outcomes<S>,
  options: ExecuteOptions<S>,
): AppError => {
  const resume = resumeOf(options, outcomes)
  return amend(error, {
    touched: hasChanged(outcomes, options) || error.touched,
    details: [...error.details, ...describeLeft(outcomes, options)],
    hint: error.hint ? `${error.hint}, then: ${resume}` : resume,
  })
}

/** A bug is a failure too: what was done before it has to be told. */
const runStep = async <S extends Step>(
  step: S,
  { perform }: ExecuteOptions<S>,
): Promise<AppError | undefined> => {
  try {
    await perform(step)
    return undefined
  } catch (error) {
    return asAppError(error, { begun: true })
  }
}

const interrupted = <S extends Step>(
  outcomes: Outcomes<S>,
  options: ExecuteOptions<S>,
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

/** The process ends, and nobody will see what becomes of the running step. */
const standing = <S extends Step>(
  outcomes: Outcomes<S>,
  { steps }: Plan<S>,
  options: ExecuteOptions<S>,
): Standing => {
  const { interrupt } = options
  const [step, ...later] = steps.slice(outcomes.length)
  const all: StepOutcome<S>[] = [
    ...outcomes,
    ...(step ? [{ step, status: 'failed' as const, work: 'unknown' as const }] : []),
    ...later.map((one) => ({ step: one, status: 'skipped' as const })),
  ]
  const error = new AppError(`Interrupted by ${interrupt.reason}; the running step did not end in time.`, {
    exitCode: interruptionCode(interrupt.reason),
    details: [
      ...(step ? [`It was ${stepKey(step)}; what became of it is not known.`] : []),
      ...describeLeft(all, options),
    ],
    hint: resumeOf(options, all),
  })
  return { outcomes: all, error }
}

type Failure = { managed: ManagedDatabase | undefined; error: AppError }

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
const isCutOff = <S extends Step>(outcomes: Outcomes<S>, { kinds }: ExecuteOptions<S>): boolean =>
  !outcomes.some(({ step, status }) => kindOf(kinds, step).isAtomic && status === 'failed')

const conclude = <S extends Step>(
  outcomes: Outcomes<S>,
  failures: readonly Failure[],
  options: ExecuteOptions<S>,
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

/** Where there is no fleet. */
const plainGate =
  (continueOnError: boolean): Gate =>
  (step, failed) =>
    failed.size > 0 && (!continueOnError || failed.has(undefined) || failed.has(databaseOf(step)))

/**
 * The one loop behind every verb: each step in order, an event before and after, a stop at the first failure.
 * An interrupt lets the running step finish and starts no other.
 */
export const execute = async <S extends Step>(
  plan: Plan<S>,
  options: ExecuteOptions<S>,
): Promise<RunResult> => {
  const {
    run,
    kinds,
    report,
    interrupt,
    continueOnError = false,
    gate = plainGate(continueOnError),
    isBegun = async () => false,
  } = options
  const outcomes: StepOutcome<S>[] = []
  const failures: Failure[] = []
  const failed = new Set<string | undefined>()
  for (const [index, step] of plan.steps.entries()) {
    const base = { version: 1 as const, run, ...describeStep(step, index) }
    if ((interrupt.aborted && !(await isBegun(step))) || gate(step, failed)) {
      outcomes.push({ step, status: 'skipped' })
      report.event({ ...base, event: 'step.finished', status: 'skipped', ms: 0 })
      continue
    }
    const line = lineOf(kinds, step)
    report.event({ ...base, event: 'step.started' }, line)
    report.standing?.(() => standing(outcomes, plan, options))
    const started = performance.now()
    const failure = await runStep(step, options)
    if (failure) {
      failures.push({ managed: step.managed, error: failure })
      failed.add(databaseOf(step))
    }
    const status = failure ? 'failed' : 'done'
    outcomes.push({ step, status, ...(failure?.work && { work: failure.work }) })
    const ms = Math.round(performance.now() - started)
    const error = failure && { error: describeError(failure) }
    report.event({ ...base, event: 'step.finished', status, ms, ...error }, line)
  }
  return conclude(outcomes, failures, options)
}
