import { asAppError } from '../as-app-error.ts'
import { AppError, amend, type ExitCode, exitCodes, interruptionCode } from '../errors.ts'
import { stepKey } from '../model/journal.ts'
import { databaseOf, describeOutcome, type StepOutcome } from '../model/outcome.ts'
import { describeStep, type Plan, type Step } from '../model/plan.ts'
import { describeError, type Report, type Standing } from '../report/report.ts'

export type ExecuteOptions = {
  run: string
  perform: (step: Step) => Promise<void>
  report: Report
  interrupt: AbortSignal
  stop: AbortSignal
  /** The command that goes on from where a failed or interrupted run stopped; a function where that depends on what was done. */
  resume: string | ((outcomes: readonly StepOutcome[]) => string)
  /** A failure stops the steps of its own database only; left out: it stops everything. */
  continueOnError?: boolean
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

/** Whether anything that stays was changed. */
const hasChanged = (outcomes: readonly StepOutcome[]): boolean =>
  outcomes.some(({ step, status, work }) => work || (status === 'done' && step.kind !== 'pull-image'))

const resumeOf = ({ resume }: ExecuteOptions, outcomes: readonly StepOutcome[]): string =>
  typeof resume === 'string' ? resume : resume(outcomes)

const stopped = (error: AppError, outcomes: readonly StepOutcome[], options: ExecuteOptions): AppError => {
  const resume = resumeOf(options, outcomes)
  return amend(error, {
    touched: hasChanged(outcomes) || error.touched,
    details: [...error.details, ...describeOutcome(outcomes)],
    hint: error.hint ? `${error.hint}, then: ${resume}` : resume,
  })
}

/** A bug is a failure too: what was done before it has to be told. */
const runStep = async (step: Step, perform: ExecuteOptions['perform']): Promise<AppError | undefined> => {
  try {
    await perform(step)
    return undefined
  } catch (error) {
    return asAppError(error, { begun: true })
  }
}

const interrupted = (
  outcomes: readonly StepOutcome[],
  options: ExecuteOptions,
  waiting?: AppError,
): RunResult => {
  const { interrupt, stop } = options
  const exit = interruptionCode(interrupt.reason)
  const finished = waiting ? 'no further try was made' : 'the running step was finished'
  const how = stop.aborted ? 'the running step was cut off' : finished
  const begun = outcomes.some(({ status }) => status !== 'skipped')
  const error = new AppError(`Interrupted by ${interrupt.reason}; ${how}.`, {
    exitCode: exit,
    touched: hasChanged(outcomes) || (begun ? waiting?.touched : false),
    details: [...(waiting ? [waiting.message, ...waiting.details] : []), ...describeOutcome(outcomes)],
    hint: resumeOf(options, outcomes),
  })
  return { outcomes, status: 'interrupted', exit, error }
}

/** The process ends, and nobody will see what becomes of the running step. */
const standing = (outcomes: readonly StepOutcome[], { steps }: Plan, options: ExecuteOptions): Standing => {
  const { interrupt } = options
  const [step, ...later] = steps.slice(outcomes.length)
  const all: StepOutcome[] = [
    ...outcomes,
    ...(step ? [{ step, status: 'failed' as const, work: 'unknown' as const }] : []),
    ...later.map((one) => ({ step: one, status: 'skipped' as const })),
  ]
  const error = new AppError(`Interrupted by ${interrupt.reason}; the running step did not end in time.`, {
    exitCode: interruptionCode(interrupt.reason),
    details: [
      ...(step ? [`It was ${stepKey(step)}; what became of it is not known.`] : []),
      ...describeOutcome(all),
    ],
    hint: resumeOf(options, all),
  })
  return { outcomes: all, error }
}

/** Several databases failed, each for a reason of its own. */
const combine = (failures: readonly AppError[]): AppError | undefined => {
  const [first] = failures
  if (!first || failures.length === 1) return first
  return new AppError(`${failures.length} databases failed.`, {
    exitCode: exitCodes.failed,
    touched: failures.some(({ touched }) => touched) || undefined,
    details: failures.flatMap(({ message, details, hint }) => [
      message,
      ...details.map((line) => `  ${line}`),
      ...(hint ? [`  → ${hint}`] : []),
    ]),
  })
}

/** No signal cuts a swap off: one that failed did so by itself, and only its own words tell of it. */
const isCutOff = (outcomes: readonly StepOutcome[]): boolean =>
  !outcomes.some(({ step, status }) => step.kind === 'swap-databases' && status === 'failed')

const conclude = (
  outcomes: readonly StepOutcome[],
  failures: readonly AppError[],
  options: ExecuteOptions,
): RunResult => {
  const failure = combine(failures)
  if (failure && options.stop.aborted)
    return interrupted(outcomes, options, isCutOff(outcomes) ? undefined : failure)
  if (failure?.exitCode === exitCodes.interrupted) return interrupted(outcomes, options, failure)
  if (failure) {
    const error = stopped(failure, outcomes, options)
    return { outcomes, status: 'failed', exit: error.exitCode, error }
  }
  if (outcomes.some(({ status }) => status === 'skipped')) return interrupted(outcomes, options)
  return { outcomes, status: 'done', exit: exitCodes.done }
}

/** Whether an earlier failure keeps this step from starting. */
const isBlocked = (step: Step, outcomes: readonly StepOutcome[], continueOnError: boolean): boolean => {
  const failed = outcomes.filter(({ status }) => status === 'failed').map(({ step }) => databaseOf(step))
  if (!continueOnError || failed.includes(undefined)) return failed.length > 0
  return failed.includes(databaseOf(step))
}

/**
 * The one loop behind every verb: each step in order, an event before and after, a stop at the first failure.
 * An interrupt lets the running step finish and starts no other.
 */
export const execute = async (plan: Plan, options: ExecuteOptions): Promise<RunResult> => {
  const { run, perform, report, interrupt, continueOnError = false } = options
  const outcomes: StepOutcome[] = []
  const failures: AppError[] = []
  for (const [index, step] of plan.steps.entries()) {
    const base = { version: 1 as const, run, ...describeStep(step, index) }
    if (interrupt.aborted || isBlocked(step, outcomes, continueOnError)) {
      outcomes.push({ step, status: 'skipped' })
      report.event({ ...base, event: 'step.finished', status: 'skipped', ms: 0 })
      continue
    }
    report.event({ ...base, event: 'step.started' })
    report.standing?.(() => standing(outcomes, plan, options))
    const started = performance.now()
    const failure = await runStep(step, perform)
    if (failure) failures.push(failure)
    const status = failure ? 'failed' : 'done'
    outcomes.push({ step, status, ...(failure?.work && { work: failure.work }) })
    const ms = Math.round(performance.now() - started)
    const error = failure && { error: describeError(failure) }
    report.event({ ...base, event: 'step.finished', status, ms, ...error })
  }
  return conclude(outcomes, failures, options)
}
