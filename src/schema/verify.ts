import type { AppError } from '../errors.ts'
import type { Dbmate } from '../io/dbmate/dbmate.ts'
import { placeVersions, readVersions } from '../io/postgres/read-database.ts'
import type { Direction, ManagedDatabase, Migration, VersionsTable } from '../model/types.ts'
import { buildSchema, explainBuild } from './build.ts'
import { compareSchemas } from './plan/compare-schemas.ts'
import { Fault, findEmptyDown, type VerifiedStore, wrongAgain, wrongDown } from './plan/verify.ts'
import { compareThoroughly, readSchema, type Schema } from './read-schema.ts'
import type { Workbench } from './workbench.ts'

/** Milliseconds of a file's three calls. */
export type Timing = { up: number; down?: number; again?: number }

export type Verifier = AsyncDisposable & {
  /** Files before it that are not verified themselves are applied first. @throws AppError (exit 1): what is wrong with it. */
  verify: (migration: Migration) => Promise<Timing>
}

type Placed = ManagedDatabase & { versions: VersionsTable }
type Stage = { placed: Placed; dbmate: Dbmate }

const timed = async <T>(body: () => Promise<T>): Promise<[T, number]> => {
  const started = performance.now()
  const result = await body()
  return [result, Math.round(performance.now() - started)]
}

const ruleOf = { up: 'verify-up', down: 'verify-down' } as const

const asFault = (
  { message, details, hint = '' }: AppError,
  migration: Migration,
  direction: Direction,
): Fault =>
  new Fault(message, {
    rule: ruleOf[direction],
    line: direction === 'up' ? migration.upLine : migration.downLine,
    details,
    hint,
  })

/**
 * One database of the store on a throwaway server, whose files are verified in their order. A file that is found wrong does not
 * spoil those behind it: the database is then made anew up to it.
 */
export const openVerifier = async (
  bench: Workbench,
  { managed, files }: Pick<VerifiedStore, 'managed' | 'files'>,
): Promise<Verifier> => {
  const { database } = managed
  /** How many files are applied. */
  let done = 0
  let stage: Stage | undefined
  const open = async (count: number): Promise<Stage> => {
    await stage?.dbmate[Symbol.asyncDispose]()
    stage = undefined
    await buildSchema(bench, { managed, files: files.slice(0, count) })
    done = count
    const placed = { ...managed, versions: await placeVersions(bench.server, managed) }
    const planned = files.map((migration) => ({ managed: placed, migration }))
    stage = { placed, dbmate: await bench.openDbmate(planned, [database]) }
    return stage
  }
  const read = ({ placed }: Stage): Promise<Schema> =>
    readSchema(bench, { database, versions: placed.versions })
  const migrate = async (
    { placed, dbmate }: Stage,
    migration: Migration,
    direction: Direction,
  ): Promise<void> => {
    const result = await dbmate.migrate(direction, { managed: placed, migration }, '')
    const recorded = (await readVersions(bench.server, database, placed.versions)).includes(migration.version)
    if (result.exitCode === 0 && recorded === (direction === 'up')) return
    throw asFault(explainBuild(managed, migration, { result, direction }), migration, direction)
  }
  /** Down and up again; the schema is then as the file leaves it, or a fault is thrown. */
  const goBack = async (
    now: Stage,
    migration: Migration,
    before: Schema,
  ): Promise<Pick<Timing, 'down' | 'again'>> => {
    const after = await read(now)
    const [, down] = await timed(() => migrate(now, migration, 'down'))
    const undone = await compareThoroughly(bench, { expected: before, found: await read(now) })
    if (undone.differences.length > 0) throw wrongDown({ managed, migration }, undone.differences)
    const [, again] = await timed(() => migrate(now, migration, 'up'))
    const repeated = compareSchemas(after.objects, (await read(now)).objects)
    if (repeated.length > 0) throw wrongAgain({ managed, migration }, repeated)
    return { down, again }
  }
  return {
    verify: async (migration) => {
      const at = files.indexOf(migration)
      const now = stage && done === at ? stage : await open(at)
      const before = await read(now)
      const [, up] = await timed(() => migrate(now, migration, 'up'))
      done = at + 1
      const empty = findEmptyDown({ managed, migration })
      if (empty) throw empty
      if (migration.irreversible !== undefined) return { up }
      try {
        return { up, ...(await goBack(now, migration, before)) }
      } catch (error) {
        // Whatever stands there now, the next file is given what this one makes.
        done = -1
        throw error
      }
    },
    [Symbol.asyncDispose]: async () => {
      await stage?.dbmate[Symbol.asyncDispose]()
    },
  }
}
