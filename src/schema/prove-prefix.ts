import { AppError } from '../errors.ts'
import { readProperties } from '../io/postgres/inventory.ts'
import type { DatabaseProperties } from '../model/inventory.ts'
import type { DatabaseState, Migration, VersionsTable } from '../model/types.ts'
import { buildSchema, growSchema } from './build.ts'
import { isAllowed } from './plan/allowed.ts'
import { compareSchemas, type Difference } from './plan/compare-schemas.ts'
import { bisectPrefix } from './plan/find-prefix.ts'
import { compareThoroughly, readSchema, type Schema } from './read-schema.ts'
import type { SchemaSource, Workbench } from './workbench.ts'

export type ProofRequest = {
  bench: Workbench
  live: SchemaSource
  /** Objects that may differ. */
  allowed: readonly string[]
  signal: AbortSignal
  onProgress: (text: string) => void
}

/** What is proven of one database. */
export type PrefixProof = {
  state: DatabaseState
  versions: VersionsTable
  /** What was looked at: should it be another by the time that it is recorded, nothing is. */
  text: string
  /** The files that made what is there. */
  proven: readonly Migration[]
  pending: readonly Migration[]
  /** Among the pending ones those that change nothing that can be seen. */
  unseen: readonly Migration[]
  /** Why nothing is proven: what differs from the files that come nearest. */
  conflict?: { nearest: readonly Migration[]; differences: readonly Difference[]; unread?: string }
  /** Databases that were built. */
  builds: number
}

type Built = { expected: Schema; differences: readonly Difference[] }

type BuilderOptions = {
  files: readonly Migration[]
  found: Schema
  like: DatabaseProperties | undefined
  versions: VersionsTable
}

/** What the first files of a database make, each number of them built once. */
const openBuilder = (
  state: DatabaseState,
  { files, found, like, versions }: BuilderOptions,
  { bench, allowed, signal, onProgress }: ProofRequest,
) => {
  const known = new Map<number, Built>()
  const managed = { ...state.managed, versions }
  const { database } = managed
  let builds = 0
  let failure: unknown
  const keep = async (count: number): Promise<Built> => {
    const expected = await readSchema(bench, { database, versions, signal })
    const differences = compareSchemas(expected.objects, found.objects).filter(
      (one) => !isAllowed(one, allowed),
    )
    const built = { expected, differences }
    known.set(count, built)
    return built
  }
  const orFailed = (error: unknown): undefined => {
    if (!(error instanceof AppError) || signal.aborted) throw error
    failure = error
    return undefined
  }
  return {
    known,
    count: () => builds,
    failure: () => failure,
    /** Nothing where one of them fails. */
    build: async (count: number): Promise<Built | undefined> => {
      const there = known.get(count)
      if (there) return there
      onProgress(`${database}: what its first ${count} files make`)
      builds += 1
      const made = { managed, files: files.slice(0, count), like }
      return await buildSchema(bench, made)
        .then(() => keep(count))
        .catch(orFailed)
    },
    /** All of them in one build, up to the first that fails, or that makes what is there. */
    grow: async (): Promise<number | undefined> => {
      builds += 1
      try {
        for await (const count of growSchema(bench, { managed, files, like })) {
          onProgress(`${database}: what its first ${count} files make`)
          if ((known.get(count) ?? (await keep(count))).differences.length === 0) return count
        }
      } catch (error) {
        orFailed(error)
      }
      return undefined
    },
  }
}

type Builder = ReturnType<typeof openBuilder>

const isSame = (one: Built | undefined, other: Built | undefined): boolean =>
  one !== undefined &&
  other !== undefined &&
  compareSchemas(one.expected.objects, other.expected.objects).length === 0

/** Files around a place that change nothing which can be seen: whether they ran nobody can tell. */
const findUnseen = async (
  count: number,
  total: number,
  { build }: Builder,
): Promise<[from: number, to: number]> => {
  const built = await build(count)
  let [from, to] = [count, count]
  while (from > 0 && isSame(await build(from - 1), built)) from -= 1
  while (to < total && isSame(await build(to + 1), built)) to += 1
  return [from, to]
}

/** Of those that are equally near the most files: whatever was changed by hand was changed in the end. */
const findNearest = ({ known, failure }: Builder): [number, Built] => {
  const [nearest] = [...known].sort(
    ([a, one], [b, other]) => one.differences.length - other.differences.length || b - a,
  )
  if (!nearest) throw failure()
  return nearest
}

type Met = { count: number; differences: readonly Difference[]; unread?: string }

/** None is met by bisecting: each is looked at, and the nearest is read back as well. */
const searchAll = async (builder: Builder, found: Schema, { bench, allowed }: ProofRequest): Promise<Met> => {
  const met = await builder.grow()
  if (met !== undefined) return { count: met, differences: [] }
  const [count, { expected }] = findNearest(builder)
  const { differences, unread } = await compareThoroughly(bench, { expected, found })
  return {
    count,
    differences: differences.filter((one) => !isAllowed(one, allowed)),
    ...(unread !== undefined && { unread }),
  }
}

/**
 * Which of a database's files made what is there: those that make exactly the same on a throwaway server.
 * @throws AppError (exit 1) when the first of them fails there already.
 */
export const provePrefix = async (
  state: DatabaseState,
  versions: VersionsTable,
  request: ProofRequest,
): Promise<PrefixProof> => {
  const { live, signal } = request
  const { database } = state.managed
  const files = state.files.flatMap(({ migration }) => migration ?? [])
  const found = await readSchema(live, { database, versions, signal })
  const like = await readProperties((sql, values) => live.server.query(database, sql, values), database)
  const builder = openBuilder(state, { files, found, like, versions }, request)
  const bisected = await bisectPrefix({
    files,
    probe: async (count) => (await builder.build(count))?.differences,
  })
  const met: Met =
    bisected === undefined ? await searchAll(builder, found, request) : { count: bisected, differences: [] }
  const { count, differences, unread } = met
  const base = { state, versions, text: found.text }
  if (differences.length > 0) {
    const conflict = { nearest: files.slice(0, count), differences, ...(unread !== undefined && { unread }) }
    return { ...base, proven: [], pending: files, unseen: [], conflict, builds: builder.count() }
  }
  const [from, to] = await findUnseen(count, files.length, builder)
  await request.bench.drop(database)
  return {
    ...base,
    proven: files.slice(0, from),
    pending: files.slice(from),
    unseen: files.slice(from, to),
    builds: builder.count(),
  }
}
