import { asAppError } from '../as-app-error.ts'
import { AppError, interruptionCode } from '../errors.ts'
import type { Gate } from '../fleet/rollout.ts'
import { lineOf } from '../model/kind.ts'
import { databaseOf, type StepOutcome } from '../model/outcome.ts'
import type { Plan } from '../model/plan.ts'
import { describeStep, type Step, stepKey } from '../model/step.ts'
import { describeError, type Report, type Standing } from '../report/report.ts'
import { type ConcludeOptions, conclude, describeLeft, type Failure, resumeOf } from './conclude.ts'
import type { RunResult } from './run-result.ts'

export type ExecuteOptions<S extends Step> = ConcludeOptions<S> & {
  run: string
  /** `lane`: which of those that run side by side. */
  perform: (step: S, lane: number) => Promise<unknown>
  report: Report
  /** Whether a step began with an earlier one: an interrupt lets it finish. */
  isBegun?: (step: S) => Promise<boolean>
  /** A failure stops the steps of its own database only; left out: it stops everything. */
  continueOnError?: boolean
  /** Instead: which steps a failure keeps from starting. */
  gate?: Gate
  /** Which steps may run side by side; left out: none. */
  portions?: Portions<S>
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
export type Portions<S> = { jobs: number; of: readonly (readonly (readonly S[])[])[] }

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
 * only the rows of a portion, each in its own order. An interrupt lets what runs finish and starts nothing else.
 */
export const execute = async <S extends Step>(
  plan: Plan<S>,
  options: ExecuteOptions<S>,
): Promise<RunResult> => {
  const { run, kinds, report, interrupt, continueOnError = false, isBegun = async () => false } = options
  const { gate = plainGate(continueOnError), portions = { jobs: 1, of: [[plan.steps]] } } = options
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
  for (const rows of portions.of) await runRows(rows, portions.jobs, perform)
  return conclude(outcomesOf(progress), failures, options)
}
