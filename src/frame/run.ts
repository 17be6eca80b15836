import { asAppError, withStack } from '../as-app-error.ts'
import { AppError, type ExitCode, exitCodes, interruptionCode } from '../errors.ts'
import type { Context } from '../model/context.ts'
import { outcomesByDatabase } from '../model/outcome.ts'
import { describePlan, type Plan } from '../model/plan.ts'
import { renderError } from '../report/render.ts'
import { describeError, type Report, type Standing } from '../report/report.ts'
import type { RunEvent } from '../report/run-documents.ts'
import { errorToPaste, type StandingFlags } from '../report/to-paste.ts'
import { recorded } from '../run/record.ts'
import { makeRunId } from '../run/run-id.ts'
import type { RunResult } from '../run/run-result.ts'
import { type GlobalOptions, paintFor, recordOptions, reportFor } from './options.ts'
import { standingFlags } from './standing-flags.ts'

export type Run = {
  id: string
  report: Report
  /** Tells of the plan before its first step. */
  start: (plan: Plan, jobs?: number) => void
}

export type RunOptions = {
  command: string
  environment: string
  global: GlobalOptions
  /** Instead of the one that the flags ask for. */
  report?: Report
}

const statusOf = (exit: ExitCode): 'failed' | 'refused' | 'interrupted' => {
  if (exit === exitCodes.interrupted || exit === exitCodes.terminated) return 'interrupted'
  return exit === exitCodes.failed || exit === exitCodes.unreachable ? 'failed' : 'refused'
}

const beforeFirstStep = (reason: unknown): AppError =>
  new AppError(`Interrupted by ${reason}; what it waited for did not answer in time.`, {
    exitCode: interruptionCode(reason),
    touched: false,
    details: ['No step was begun.'],
  })

const eventToPaste = (event: RunEvent, flags: StandingFlags): RunEvent => {
  if (!('error' in event) || !event.error) return event
  return { ...event, error: { ...event.error, ...errorToPaste(event.error, flags) } }
}

/** Files that cannot be opened end a run before it begins, and that is told as an event too. */
const attempt = (open: () => Report): { report?: Report; error?: unknown } => {
  try {
    return { report: open() }
  } catch (error) {
    return { error }
  }
}

/**
 * The frame of every verb that changes something: a run id, a report, the first and the last event, one place for errors.
 * The body ends with a result, or throws an AppError when nothing was started.
 */
export const withRun = async (
  { command, environment, global, report: given }: RunOptions,
  context: Context,
  body: (run: Run) => Promise<RunResult>,
): Promise<ExitCode> => {
  const id = makeRunId(new Date())
  let standing = (): Standing => ({ outcomes: [], error: beforeFirstStep(context.stop.reason) })
  const plain = given ?? reportFor(global, context)
  const recording = attempt(() => recorded(plain, recordOptions(global, context)))
  const told = recording.report ?? plain
  const flags = standingFlags(global, context)
  const report: Report = {
    ...told,
    event: (event, line) => told.event(eventToPaste(event, flags), line),
    standing: (describe) => {
      standing = describe
    },
  }
  let started = false
  let finished = false
  const tellStart = (plan: Plan | null, jobs = 1): void => {
    started = true
    const document = plan && describePlan(plan)
    const about = { run: id, command, environment, plan: document, ...(jobs > 1 && { jobs }) }
    report.event({ version: 1, event: 'run.started', ...about })
  }
  const finish = ({ outcomes, status, exit, error: failure }: RunResult): void => {
    if (finished) return
    const error = failure && global.verbose ? withStack(failure) : failure
    finished = true
    report.close()
    if (!started) tellStart(null)
    report.event({
      version: 1,
      event: 'run.finished',
      run: id,
      status,
      exit,
      databases: outcomesByDatabase(outcomes),
      ...(error && { error: describeError(error) }),
    })
    if (error && !global.json && !given)
      context.stderr.write(
        renderError(
          { message: error.message, touched: error.touched, ...errorToPaste(error, flags) },
          paintFor(context.stderr, global, context),
        ),
      )
  }
  const settle = async (): Promise<RunResult> => {
    try {
      if (recording.error) throw recording.error
      return await body({ id, report, start: tellStart })
    } catch (error) {
      const explained = asAppError(error, { begun: started })
      return {
        outcomes: [],
        status: statusOf(explained.exitCode),
        exit: explained.exitCode,
        error: explained,
      }
    }
  }
  if (context.lastWords)
    context.lastWords.say = () => {
      const { outcomes, error } = standing()
      finish({ outcomes, status: 'interrupted', exit: error.exitCode, error })
    }
  const result = await settle()
  if (!result.handedOver) {
    finish(result)
    return result.exit
  }
  report.close()
  return result.handedOver()
}
