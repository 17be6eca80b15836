import { asAppError } from '../as-app-error.ts'
import { AppError, exitCodes } from '../errors.ts'
import type { Context } from '../model/context.ts'
import { lineOf, performWith } from '../model/kind.ts'
import type { StepOutcome } from '../model/outcome.ts'
import type { Plan } from '../model/plan.ts'
import { describeStep } from '../model/step.ts'
import type { Migration } from '../model/types.ts'
import { plural } from '../report/render.ts'
import { describeError, type Report } from '../report/report.ts'
import type { RunResult } from '../run/run-result.ts'
import { Fault, type VerifiedStore } from './plan/verify.ts'
import { type VerifyStep, verifyKinds } from './steps/verify-kinds.ts'
import { openVerifier, type Timing, type Verifier } from './verify.ts'
import type { Workbench } from './workbench.ts'

export type Verdict = { step: VerifyStep; timing?: Timing; error?: AppError }

export type VerifyRunRequest = {
  bench: Workbench
  stores: readonly VerifiedStore[]
  plan: Plan<VerifyStep>
  run: string
  report: Report
}

/** Of a file whose up section fails nothing behind it can be verified. */
const endsDatabase = (error: AppError | undefined): boolean =>
  error !== undefined && !(error instanceof Fault && error.rule !== 'verify-up')

/** Every file in its turn, an event before and after; what is wrong with one keeps none of the others from being verified. */
export const verifyAll = async (
  { bench, stores, plan, run, report }: VerifyRunRequest,
  { interrupt }: Pick<Context, 'interrupt'>,
): Promise<Verdict[]> => {
  const verdicts: Verdict[] = []
  const ended = new Set<string>()
  let open: { name: string; verifier: Verifier } | undefined
  const verifierOf = async (name: string): Promise<Verifier> => {
    if (open?.name === name) return open.verifier
    await open?.verifier[Symbol.asyncDispose]()
    const store = stores.find(({ managed }) => managed.name === name)
    if (!store) throw new Error(`${name} is not among the stores`)
    open = { name, verifier: await openVerifier(bench, store) }
    return open.verifier
  }
  const timings = new Map<Migration, Timing>()
  const perform = performWith(verifyKinds, {
    verify: async ({ managed, migration }) => {
      timings.set(migration, await (await verifierOf(managed.name)).verify(migration))
    },
  })
  try {
    for (const [index, step] of plan.steps.entries()) {
      const base = { version: 1 as const, run, ...describeStep(step, index) }
      if (ended.has(step.managed.name) || interrupt.aborted) {
        report.event({ ...base, event: 'step.finished', status: 'skipped', ms: 0 })
        verdicts.push({ step })
        continue
      }
      const line = lineOf(verifyKinds, step)
      report.event({ ...base, event: 'step.started' }, line)
      const started = performance.now()
      const error = await perform(step).then(
        () => undefined,
        (cause) => asAppError(cause, { begun: true }),
      )
      if (interrupt.aborted) {
        report.event({ ...base, event: 'step.finished', status: 'skipped', ms: 0 })
        verdicts.push({ step })
        continue
      }
      const ms = Math.round(performance.now() - started)
      const timing = timings.get(step.migration)
      verdicts.push({ step, ...(timing && { timing }), ...(error && { error }) })
      if (endsDatabase(error)) ended.add(step.managed.name)
      const status = error ? 'failed' : 'done'
      report.event(
        { ...base, event: 'step.finished', status, ms, ...(error && { error: describeError(error) }) },
        line,
      )
    }
  } finally {
    await open?.verifier[Symbol.asyncDispose]()
  }
  return verdicts
}

const statusOf = ({ error, timing }: Verdict): StepOutcome['status'] =>
  error ? 'failed' : timing ? 'done' : 'skipped'

/** What the run comes to: every fault in one error. */
export const concludeVerify = (verdicts: readonly Verdict[]): RunResult => {
  const outcomes = verdicts.map((verdict): StepOutcome => ({ step: verdict.step, status: statusOf(verdict) }))
  const errors = verdicts.flatMap(({ error }) => error ?? [])
  const [first] = errors
  if (!first) return { outcomes, status: 'done', exit: exitCodes.done }
  const error =
    errors.length === 1
      ? first
      : new AppError(`${plural(errors.length, 'migration')} are not as they should be.`, {
          exitCode: exitCodes.failed,
          touched: false,
          details: errors.flatMap(({ message, details, hint }) => [
            message,
            ...details.map((line) => `  ${line}`),
            ...(hint ? [`  → ${hint}`] : []),
          ]),
        })
  return { outcomes, status: 'failed', exit: exitCodes.failed, error }
}
