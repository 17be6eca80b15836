import { AppError, exitCodes } from '../../errors.ts'

/**
 * Asks once more when the session was lost on the way: whoever asks next gets a new one. Only for what may be asked twice.
 * @throws AppError (exit 6) when the server stays away.
 */
export const askAgain = async <T>(ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof AppError) || error.exitCode !== exitCodes.unreachable) throw error
    return ask()
  }
}
