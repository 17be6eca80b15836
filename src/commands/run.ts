import { asAppError, type ExitCode, exitCodes } from '../errors.ts'
import type { Context } from '../model/context.ts'
import { outcomesByDatabase } from '../model/outcome.ts'
import { describePlan, type Plan } from '../model/plan.ts'
import { renderError } from '../report/render.ts'
import { describeError, type Report } from '../report/report.ts'
import type { RunResult } from '../run/execute.ts'
import { recorded } from '../run/record.ts'
import { makeRunId } from '../run/run-id.ts'
import { type GlobalOptions, paintFor, reportFor } from './options.ts'

export type Run = {
  id: string
  report: Report
  /** Tells of the plan before its first step. */
  start: (plan: Plan) => void
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
  const report = recorded(given ?? reportFor(global, context), global, context.cwd)
  let started = false
  const tellStart = (plan: Plan | null): void => {
    started = true
    const document = plan && describePlan(plan)
    report.event({ version: 1, event: 'run.started', run: id, command, environment, plan: document })
  }
  const settle = async (): Promise<RunResult> => {
    try {
      return await body({ id, report, start: tellStart })
    } catch (error) {
      const explained = asAppError(error, global.verbose)
      return {
        outcomes: [],
        status: statusOf(explained.exitCode),
        exit: explained.exitCode,
        error: explained,
      }
    } finally {
      report.close()
    }
  }
  const { outcomes, status, exit, error, handedOver } = await settle()
  if (handedOver) return exit
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
    context.stderr.write(renderError(error, paintFor(context.stderr, global, context)))
  return exit
}
