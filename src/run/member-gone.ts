import { AppError, exitCodes } from '../errors.ts'
import type { Step } from '../model/step.ts'

const noSuchDatabase = '3D000'

/** A database of a fleet that went away since the plan was made: it is nothing to create, as another one would be. */
export const explainGone = (error: unknown, { managed }: Step): unknown => {
  const { code } = ((error as Error).cause ?? {}) as { code?: string }
  if (!(error instanceof AppError && managed?.member) || code !== noSuchDatabase) return error
  const { database, member } = managed
  return new AppError(`${database}: is gone from the server; it was there when the plan was made.`, {
    exitCode: exitCodes.refused,
    touched: error.touched,
    work: error.work,
    hint: `take ${member.key} off the names of ${member.fleet}, if it is to stay away`,
    cause: error,
  })
}
