import { AppError, exitCodes } from '../errors.ts'
import { readProperties } from '../io/postgres/inventory.ts'
import { obstacleError } from '../io/postgres/read-database.ts'
import { compareVersions } from '../model/history.ts'
import type { DatabaseState, Environment, Migration } from '../model/types.ts'
import { obstacleOf } from '../plan/obstacles.ts'
import { buildSchema } from './build.ts'
import { type Compared, compareThoroughly, readSchema, type Schema } from './read-schema.ts'
import type { SchemaSource, Workbench } from './workbench.ts'

export type DriftRequest = {
  /** Writes what would bring it back. */
  sql?: ((schemas: { expected: Schema; found: Schema }) => Promise<string[]>) | undefined
  bench: Workbench
  live: SchemaSource
  environment: Environment
  signal: AbortSignal
}

/** How a database differs from what its applied files make. */
export type Drift = Compared & { managed: DatabaseState['managed']; applied: number; sql?: readonly string[] }

/**
 * The files that are applied, in their order.
 * @throws AppError (exit 4) when one of them is not in this checkout, or not fit to run.
 */
export const appliedFiles = (
  { managed, files, applied }: DatabaseState,
  environment: string,
): Migration[] => {
  const found = new Map(files.map(({ version, migration }) => [version, migration]))
  const missing = applied.filter((version) => !found.get(version))
  if (missing.length === 0)
    return [...applied].sort(compareVersions).flatMap((version) => found.get(version) ?? [])
  throw new AppError(
    `${managed.database}: ${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} applied, and this checkout has no file of it that could be read.`,
    {
      exitCode: exitCodes.refused,
      details: ['What the applied files make cannot be known without them.'],
      hint: `use the checkout that has them, then: po-migrate drift ${environment}`,
    },
  )
}

/**
 * One database against a new one that is made from its applied files.
 * @throws AppError (exit 4) when it cannot be compared as it stands, (exit 1) when the files do not make it.
 */
export const readDrift = async (state: DatabaseState, request: DriftRequest): Promise<Drift> => {
  const { bench, live, environment, signal } = request
  const obstacle = obstacleOf(state, environment)
  if (obstacle) throw obstacleError(obstacle)
  const { managed } = state
  const { database } = managed
  const files = appliedFiles(state, environment.name)
  const like = await readProperties((sql, values) => live.server.query(database, sql, values), database)
  const versions = await buildSchema(bench, { managed, files, like })
  const [expected, found] = await Promise.all([
    readSchema(bench, { database, versions, signal }),
    readSchema(live, { database, versions, signal }),
  ])
  const compared = await compareThoroughly(bench, { expected, found })
  const sql = compared.differences.length > 0 ? await request.sql?.({ expected, found }) : undefined
  await bench.drop(database)
  return { ...compared, managed, applied: files.length, ...(sql && { sql }) }
}
