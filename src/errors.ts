/** What the process answers, as in the table of exit codes in docs/reference.md. */
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

/** Codes that promise that nothing was touched. */
const promising: ReadonlySet<ExitCode> = new Set([
  exitCodes.usage,
  exitCodes.refused,
  exitCodes.locked,
  exitCodes.unreachable,
])

export type AppErrorOptions = {
  exitCode: ExitCode
  /**
   * Whether anything that stays was changed when it was thrown. Left out: no, where the code promises so; else not said.
   * `true` makes a code that promises the opposite 1.
   */
  touched?: boolean | undefined
  /** What became of the work of the step that threw it, where it is not simply undone. */
  work?: 'done' | 'unknown' | undefined
  /** The next command to type, without the arrow; or those to choose from, one a line. */
  hint?: string
  /** Further lines: why, and what state things are in. */
  details?: readonly string[]
  cause?: unknown
}

/** An outcome the user can act on. Anything else that is thrown is a bug. */
export class AppError extends Error {
  readonly exitCode: ExitCode
  readonly touched: boolean | undefined
  readonly work: 'done' | 'unknown' | undefined
  readonly hint: string | undefined
  readonly details: readonly string[]

  constructor(message: string, { exitCode, touched, work, hint, details = [], cause }: AppErrorOptions) {
    super(message, { cause })
    this.name = 'AppError'
    const promises = promising.has(exitCode)
    this.exitCode = touched && promises ? exitCodes.failed : exitCode
    this.touched = touched ?? (promises ? false : undefined)
    this.work = work
    this.hint = hint
    this.details = details
  }
}

/** The same error told by whoever knows more: what was touched before, how things stand, what to type. */
export const amend = (
  error: AppError,
  changes: Partial<AppErrorOptions> & { message?: string },
): AppError => {
  const { message, hint, ...rest } = error
  return new AppError(changes.message ?? message, {
    ...rest,
    cause: error.cause,
    ...(hint && { hint }),
    ...changes,
  })
}

/** The same once something was changed: who could not reach or refused could not know of it. Bugs stay what they are. */
export const asTouched = (error: unknown): unknown =>
  error instanceof AppError ? amend(error, { touched: true }) : error

export const usageError = (message: string, hint?: string, details?: readonly string[]): AppError =>
  new AppError(message, {
    exitCode: exitCodes.usage,
    ...(hint && { hint }),
    ...(details && { details }),
  })
