/** What the process answers, as in the README's table of exit codes. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  pending: 3,
  refused: 4,
  locked: 5,
  unreachable: 6,
  interrupted: 130,
  terminated: 143,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** What a run answers that a signal of this name ended. */
export const interruptionCode = (reason: unknown): ExitCode =>
  reason === 'SIGTERM' ? exitCodes.terminated : exitCodes.interrupted

export type AppErrorOptions = {
  exitCode: ExitCode
  /** The next command to type, without the arrow. */
  hint?: string
  /** Further lines: why, and what state things are in. */
  details?: readonly string[]
  cause?: unknown
}

/** An outcome the user can act on. Anything else that is thrown is a bug. */
export class AppError extends Error {
  readonly exitCode: ExitCode
  readonly hint: string | undefined
  readonly details: readonly string[]

  constructor(message: string, { exitCode, hint, details = [], cause }: AppErrorOptions) {
    super(message, { cause })
    this.name = 'AppError'
    this.exitCode = exitCode
    this.hint = hint
    this.details = details
  }
}

export const usageError = (message: string, hint?: string, details?: readonly string[]): AppError =>
  new AppError(message, {
    exitCode: exitCodes.usage,
    ...(hint && { hint }),
    ...(details && { details }),
  })

/** An AppError as it is; anything else as what it is: a bug, whose stack `verbose` shows. */
export const asAppError = (error: unknown, verbose: boolean): AppError => {
  if (error instanceof AppError) return error
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
  return new AppError(`Unexpected: ${message}`, {
    exitCode: exitCodes.failed,
    details: verbose ? [stack] : [],
    hint: 'run it again with --verbose, and report it with the output',
    cause: error,
  })
}
