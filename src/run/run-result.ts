import { type AppError, type ExitCode, exitCodes } from '../errors.ts'
import type { StepOutcome } from '../model/outcome.ts'

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
