import { AppError, exitCodes } from '../errors.ts'

/** Before each step. @throws AppError (exit 1) when the session that holds the lock ended, or what else kept others away. */
export const requireLock = (lost: AbortSignal | undefined): void => {
  if (!lost?.aborted) return
  if (lost.reason instanceof AppError) throw lost.reason
  throw new AppError('The session that holds the lock ended, so no further file was started.', {
    exitCode: exitCodes.failed,
    details: ['Postgres restarted, the connection was cut, or somebody released the lock.'],
  })
}
