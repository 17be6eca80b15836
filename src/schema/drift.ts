import { AppError, exitCodes } from '../errors.ts'
import { readProperties } from '../io/postgres/inventory.ts'
import { obstacleError } from '../io/postgres/read-database.ts'
import { compareVersions } from '../model/history.ts'
import type { DatabaseState, Environment, Migration } from '../model/types.ts'
import { obstacleOf } from '../plan/obstacles.ts'
import { buildSchema } from './build.ts'
import { openBuilds } from './builds.ts'
import { fingerprint } from './fingerprint.ts'
import type { Making } from './plan/build-key.ts'
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

/** How a schema differs from what files make; databases with the same schemas share one. */
export type Laid = Compared & { sql?: readonly string[] }

/** How a database differs from what its applied files make. */
export type Drift = { managed: DatabaseState['managed']; applied: number; laid: Laid }

/** Reads one database after the other. */
export type DriftReader = (state: DatabaseState) => Promise<Drift>

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

type Build = Making & { files: readonly Migration[] }

const build = async (making: Build, { bench, signal }: DriftRequest): Promise<Schema> => {
  const { database } = making.managed
  const versions = await buildSchema(bench, making)
  const expected = await readSchema(bench, { database, versions, signal })
  await bench.drop(database)
  return expected
}

/**
 * Databases against new ones that are made from their applied files. What several have in common is built, and laid beside each
 * other, once: of a fleet most are alike.
 * @throws AppError, of one database: (exit 4) when it cannot be compared as it stands, (exit 1) when the files do not make it.
 */
export const openDriftReader = (request: DriftRequest): DriftReader => {
  const { bench, live, environment, signal } = request
  const builds = openBuilds(live.server.user, signal)
  const known = new Map<string, Laid>()
  const lay = async (expected: Schema, found: Schema): Promise<Laid> => {
    const compared = await compareThoroughly(bench, { expected, found })
    const sql = compared.differences.length > 0 ? await request.sql?.({ expected, found }) : undefined
    return { ...compared, ...(sql && { sql }) }
  }
  return async (state) => {
    const obstacle = obstacleOf(state, environment)
    if (obstacle) throw obstacleError(obstacle)
    const { managed } = state
    const { database, versions } = managed
    const files = appliedFiles(state, environment.name)
    const like = await readProperties((sql, values) => live.server.query(database, sql, values), database)
    const making = { managed, files, like }
    const { expected, own } = await builds.make(making, () => build(making, request))
    const found = await readSchema(live, { database, versions, signal })
    const key = `${builds.keyOf(making)} ${own ? database : ''} ${fingerprint(found)}`
    const laid = known.get(key) ?? (await lay(expected, found))
    known.set(key, laid)
    return { managed, applied: files.length, laid }
  }
}
