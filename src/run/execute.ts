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
  /** `lane`: which of those that run side by side. */
  perform: (step: S, lane: number) => Promise<unknown>
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
  /** Which steps may run side by side; left out: none. */
  stages?: Stages<S>
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
  lane: number,
  { perform }: ExecuteOptions<S>,
): Promise<AppError | undefined> => {
  try {
    await perform(step, lane)
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

/** The process ends, and nobody will see what becomes of the steps that run. */
const standing = <S extends Step>(progress: Progress<S>, options: ExecuteOptions<S>): Standing => {
  const { interrupt } = options
  const running = progress.plan.steps.filter((step) => progress.running.has(step))
  const all = outcomesOf(progress)
  const what = running.length > 1 ? 'the running steps' : 'the running step'
  const error = new AppError(`Interrupted by ${interrupt.reason}; ${what} did not end in time.`, {
    exitCode: interruptionCode(interrupt.reason),
    details: [
      ...running.map((step) => `It was ${stepKey(step)}; what became of it is not known.`),
      ...describeLeft(all, options),
    ],
    hint: resumeOf(options, all),
  })
  return { outcomes: all, error }
}

/** Steps in portions, one after the other: of each the rows run side by side, `jobs` at once. */
export type Stages<S> = { jobs: number; of: readonly (readonly (readonly S[])[])[] }

/** Each lane takes the next row, as long as there is one. */
const runRows = async <S>(
  rows: readonly (readonly S[])[],
  jobs: number,
  perform: (step: S, lane: number) => Promise<void>,
): Promise<void> => {
  const waiting = rows.values()
  const work = async (lane: number): Promise<void> => {
    for (const row of waiting) for (const step of row) await perform(step, lane)
  }
  await Promise.all(Array.from({ length: Math.min(jobs, rows.length) }, (_, lane) => work(lane)))
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

type Progress<S extends Step> = {
  plan: Plan<S>
  ended: Map<S, StepOutcome<S>>
  running: Set<S>
  failures: Failure[]
}

/** In the plan's order; whatever has not begun counts as skipped. */
const outcomesOf = <S extends Step>({ plan, ended, running }: Progress<S>): StepOutcome<S>[] =>
  plan.steps.map(
    (step) =>
      ended.get(step) ??
      (running.has(step) ? { step, status: 'failed', work: 'unknown' } : { step, status: 'skipped' }),
  )

/**
 * The one loop behind every verb: each step in order, an event before and after, a stop at the first failure. Side by side run
 * only the rows of a stage, each in its own order. An interrupt lets what runs finish and starts nothing else.
 */
export const execute = async <S extends Step>(
  plan: Plan<S>,
  options: ExecuteOptions<S>,
): Promise<RunResult> => {
  const { run, kinds, report, interrupt, continueOnError = false, isBegun = async () => false } = options
  const { gate = plainGate(continueOnError), stages = { jobs: 1, of: [[plan.steps]] } } = options
  const progress: Progress<S> = { plan, ended: new Map(), running: new Set(), failures: [] }
  const { ended, running, failures } = progress
  const failed = new Set<string | undefined>()
  const places = new Map(plan.steps.map((step, index) => [step, index]))
  const perform = async (step: S, lane: number): Promise<void> => {
    const base = { version: 1 as const, run, ...describeStep(step, places.get(step) ?? 0) }
    if ((interrupt.aborted && !(await isBegun(step))) || gate(step, failed)) {
      ended.set(step, { step, status: 'skipped' })
      report.event({ ...base, event: 'step.finished', status: 'skipped', ms: 0 })
      return
    }
    const line = lineOf(kinds, step)
    running.add(step)
    report.event({ ...base, event: 'step.started' }, line)
    report.standing?.(() => standing(progress, options))
    const started = performance.now()
    const failure = await runStep(step, lane, options)
    if (failure) {
      failures.push({ managed: step.managed, error: failure })
      failed.add(databaseOf(step))
    }
    const status = failure ? 'failed' : 'done'
    running.delete(step)
    ended.set(step, { step, status, ...(failure?.work && { work: failure.work }) })
    const ms = Math.round(performance.now() - started)
    const error = failure && { error: describeError(failure) }
    report.event({ ...base, event: 'step.finished', status, ms, ...error }, line)
  }
  for (const rows of stages.of) await runRows(rows, stages.jobs, perform)
  return conclude(outcomesOf(progress), failures, options)
}
