import { type AppError, type ExitCode, exitCodes } from '../errors.ts'
import type { StepOutcome } from '../model/outcome.ts'

export type RunResult = {
  outcomes: readonly StepOutcome[]
  status: 'done' | 'failed' | 'refused' | 'interrupted'
  exit: ExitCode
  error?: AppError
  /** What is left to do once this run has let go of everything: look at the one that goes on, which tells of itself. */
  handedOver?: () => Promise<ExitCode>
}

/** The result of a run whose plan is empty. */
export const nothingDone: RunResult = { outcomes: [], status: 'done', exit: exitCodes.done }
