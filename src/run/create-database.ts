import { AppError, exitCodes } from '../errors.ts'
import type { Dbmate } from '../io/dbmate.ts'
import type { Engine } from '../io/engine.ts'
import { readExisting } from '../io/read-database.ts'
import { parseDbmateError } from '../model/dbmate-error.ts'
import type { ManagedDatabase } from '../model/types.ts'

/** @throws AppError (exit 1) when the database is not there afterwards. */
export const createDatabase = async (
  engine: Engine,
  dbmate: Dbmate,
  managed: ManagedDatabase,
): Promise<void> => {
  const { exitCode, output } = await dbmate.create(managed)
  const existing = await readExisting(engine.server, [managed.database])
  if (existing.has(managed.database)) return
  const why =
    exitCode === null ? "dbmate's container ended before it answered." : parseDbmateError(output).message
  throw new AppError(`${managed.database}: could not be created: ${why}`, { exitCode: exitCodes.failed })
}
