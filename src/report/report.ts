import type { AppError } from '../errors.ts'
import type { ErrorDocument, RunEvent } from './run-documents.ts'

/** Where a run tells what it does; one implementation writes text, the other a JSON event a line. */
export type Report = {
  event: (event: RunEvent) => void
  /** A line of narration. */
  note: (text: string) => void
  /** What the command was asked for, on stdout. */
  result: (text: string) => void
  /** A passing state of the running step; the next one replaces it. */
  progress: (text: string) => void
  /** Ends the live line, so that something else can write. */
  close: () => void
}

export const describeError = ({ message, details, hint, touched }: AppError): ErrorDocument => ({
  message,
  details: [...details],
  ...(touched !== undefined && { touched }),
  ...(hint && { hint }),
})
