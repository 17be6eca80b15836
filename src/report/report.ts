import type { AppError } from '../errors.ts'
import type { Words } from '../model/kind.ts'
import type { StepOutcome } from '../model/outcome.ts'
import type { ErrorDocument, RunEvent } from './run-documents.ts'

/** How a run stands in the middle of a step. */
export type Standing = { outcomes: readonly StepOutcome[]; error: AppError }

/** Where a run tells what it does; one implementation writes text, the other a JSON event a line. */
export type Report = {
  /** `line`: a step in words, in columns where it is a pair. */
  event: (event: RunEvent, line?: string | Words) => void
  /** A line of narration. */
  note: (text: string) => void
  /** What the command was asked for, on stdout. */
  result: (text: string) => void
  /** A passing state of the running step; the next one replaces it. */
  progress: (text: string) => void
  /** Ends the live line, so that something else can write. */
  close: () => void
  /** Takes what would be told of the run if it ended now. */
  standing?: (describe: () => Standing) => void
}

export const describeError = ({ message, details, hint, touched }: AppError): ErrorDocument => ({
  message,
  details: [...details],
  ...(touched !== undefined && { touched }),
  ...(hint && { hint }),
})
