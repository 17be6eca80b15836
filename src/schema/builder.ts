import { AppError } from '../errors.ts'
import type { DatabaseProperties } from '../model/inventory.ts'
import type { DatabaseState, Migration, VersionsTable } from '../model/types.ts'
import { buildSchema, type Grown, growSchema } from './build.ts'
import type { Builds, Built } from './builds.ts'
import { isAllowed } from './plan/allowed.ts'
import { compareSchemas, type Difference } from './plan/compare-schemas.ts'
import { readSchema, type Schema } from './read-schema.ts'
import type { SchemaSource, Workbench } from './workbench.ts'

export type ProofRequest = {
  bench: Workbench
  builds: Builds
  live: SchemaSource
  /** Objects that may differ. */
  allowed: readonly string[]
  signal: AbortSignal
  onProgress: (text: string) => void
}

/** `allowed`: how many differences beside these are known and may stay. */
export type Laid = { expected: Schema; differences: readonly Difference[]; allowed: number }

export type BuilderOptions = {
  files: readonly Migration[]
  found: Schema
  like: DatabaseProperties | undefined
  versions: VersionsTable
}

/** What the first files of a database make, each number of them built once, also for others of its kind. */
export const openBuilder = (
  state: DatabaseState,
  { files, found, like, versions }: BuilderOptions,
  { bench, builds, allowed, signal, onProgress }: ProofRequest,
) => {
  const known = new Map<number, Laid>()
  const managed = { ...state.managed, versions }
  const { database } = managed
  let made = 0
  let own = false
  let failure: unknown
  const first = (count: number) => ({ managed, files: files.slice(0, count), like })
  const tell = (count: number): void => onProgress(`${database}: what its first ${count} files make`)
  const read = (place: VersionsTable): Promise<Schema> =>
    readSchema(bench, { database, versions: place, signal })
  const lay = (count: number, built: Built): Laid => {
    const { expected } = built
    own ||= built.own
    const all = compareSchemas(expected.objects, found.objects)
    const differences = all.filter((one) => !isAllowed(one, allowed))
    const laid = { expected, differences, allowed: all.length - differences.length }
    known.set(count, laid)
    return laid
  }
  const orFailed = (error: unknown): undefined => {
    if (!(error instanceof AppError) || signal.aborted) throw error
    failure = error
    return undefined
  }
  const build = async (count: number): Promise<Schema> => {
    tell(count)
    made += 1
    return await read(await buildSchema(bench, first(count)))
  }
  /** All files in one database, one after the other, from the first time that it is asked. */
  let growing: AsyncGenerator<Grown> | undefined
  const growTo = async (count: number): Promise<Built> => {
    if (!growing) made += 1
    growing ??= growSchema(bench, first(files.length))
    tell(count)
    let grown: Grown | undefined
    try {
      while (grown?.count !== count) grown = (await growing.next()).value
    } catch (error) {
      if (error instanceof AppError && !signal.aborted) builds.fail(first(count), error)
      throw error
    }
    return builds.keep(first(count), await read(grown.versions))
  }
  const grown = async (count: number): Promise<Laid> =>
    known.get(count) ?? lay(count, builds.find(first(count)) ?? (await growTo(count)))
  return {
    known,
    count: () => made,
    /** Whether its name stands in what its files make. */
    own: () => own,
    failure: () => failure,
    /** Nothing where one of them fails. */
    build: async (count: number): Promise<Laid | undefined> =>
      known.get(count) ??
      (await builds
        .make(first(count), () => build(count))
        .then((built) => lay(count, built))
        .catch(orFailed)),
    /** All of them in one build, up to the first that fails, or that makes what is there. */
    grow: async (): Promise<number | undefined> => {
      try {
        for (let count = 0; count <= files.length; count++)
          if ((await grown(count)).differences.length === 0) return count
      } catch (error) {
        orFailed(error)
      } finally {
        await growing?.return(undefined)
        growing = undefined
      }
      return undefined
    },
  }
}

export type Builder = ReturnType<typeof openBuilder>
