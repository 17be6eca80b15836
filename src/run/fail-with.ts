import { AppError, exitCodes } from '../errors.ts'

/** Makes an AppError (exit 1) of Postgres' own words, such as for a locale or an extension that a server does not have. */
export const failWith =
  (what: string) =>
  (cause: unknown): never => {
    if (cause instanceof AppError) throw cause
    throw new AppError(`${what}: ${(cause as Error).message}.`, { exitCode: exitCodes.failed, cause })
  }
