import { AppError } from '../errors.ts'
import { readProperties } from '../io/postgres/inventory.ts'
import type { DatabaseState, Migration, VersionsTable } from '../model/types.ts'
import { type Builder, type BuilderOptions, type Laid, openBuilder, type ProofRequest } from './builder.ts'
import { fingerprint } from './fingerprint.ts'
import type { Doubts } from './plan/adopt.ts'
import { isAllowed } from './plan/allowed.ts'
import { compareSchemas, type Difference } from './plan/compare-schemas.ts'
import { bisectPrefix } from './plan/find-prefix.ts'
import { compareThoroughly, readSchema, type Schema } from './read-schema.ts'

/** What is proven of one database. */
export type PrefixProof = {
  state: DatabaseState
  versions: VersionsTable
  /** Of what was looked at: should it be another by the time that it is recorded, nothing is. */
  seen: string
  /** The files that made what is there. */
  proven: readonly Migration[]
  pending: readonly Migration[]
  /** Among the pending ones those that change nothing that can be seen. */
  unseen: readonly Migration[]
  /** Why nothing is proven: what differs from the files that come nearest. */
  conflict?: Doubts & { nearest: readonly Migration[]; differences: readonly Difference[] }
  /** Databases that were built. */
  builds: number
}

const isSame = (one: Laid | undefined, other: Laid | undefined): boolean =>
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
const findNearest = ({ known, failure }: Builder): [number, Laid] => {
  const [nearest] = [...known].sort(
    ([a, one], [b, other]) => one.differences.length - other.differences.length || b - a,
  )
  if (!nearest) throw failure()
  return nearest
}

/**
 * Where differences are allowed several numbers of files may do. Meant is the one that leaves the fewest, and of those the
 * greatest: what is allowed was changed by hand, and the rest is what the files made.
 */
const findClosest = async (count: number, total: number, { build }: Builder): Promise<number> => {
  const allowedAt = async (at: number): Promise<number | undefined> => {
    const laid = at < 0 || at > total ? undefined : await build(at)
    return laid?.differences.length === 0 ? laid.allowed : undefined
  }
  let [closest, fewest = 0] = [count, await allowedAt(count)]
  if (fewest === 0) return count
  for (const step of [1, -1])
    for (let at = count + step, left = await allowedAt(at); left !== undefined; left = await allowedAt(at)) {
      if (left < fewest || (left === fewest && at > closest)) [closest, fewest] = [at, left]
      at += step
    }
  return closest
}

type Met = Doubts & { count: number; differences: readonly Difference[] }

const doubtsOf = (unread: string | undefined, failure: unknown): Doubts => ({
  ...(unread !== undefined && { unread }),
  ...(failure instanceof AppError && { untried: failure.message }),
})

/** None is met by bisecting: each is looked at, and the nearest is read back as well. */
const searchAll = async (builder: Builder, found: Schema, { bench, allowed }: ProofRequest): Promise<Met> => {
  const met = await builder.grow()
  if (met !== undefined) return { count: met, differences: [] }
  const [count, { expected }] = findNearest(builder)
  const { differences, unread } = await compareThoroughly(bench, { expected, found })
  return {
    count,
    differences: differences.filter((one) => !isAllowed(one, allowed)),
    ...doubtsOf(unread, builder.failure()),
  }
}

type Result = Pick<PrefixProof, 'proven' | 'pending' | 'unseen' | 'conflict' | 'builds'> & { own: boolean }

const search = async (
  state: DatabaseState,
  options: BuilderOptions,
  request: ProofRequest,
): Promise<Result> => {
  const { files, found } = options
  const builder = openBuilder(state, options, request)
  const bisected = await bisectPrefix({
    files,
    probe: async (count) => (await builder.build(count))?.differences,
  })
  const met: Met =
    bisected === undefined ? await searchAll(builder, found, request) : { count: bisected, differences: [] }
  const { count, differences, ...doubts } = met
  if (differences.length > 0) {
    const conflict = { nearest: files.slice(0, count), differences, ...doubts }
    const nothing = { proven: [], pending: files, unseen: [] }
    return { ...nothing, conflict, builds: builder.count(), own: builder.own() }
  }
  const closest = await findClosest(count, files.length, builder)
  const [from, to] = await findUnseen(closest, files.length, builder)
  const result = { proven: files.slice(0, from), pending: files.slice(from), unseen: files.slice(from, to) }
  return { ...result, builds: builder.count(), own: builder.own() }
}

/** Proves one database after the other. */
export type Prover = (state: DatabaseState, versions: VersionsTable) => Promise<PrefixProof>

/**
 * Which of a database's files made what is there: those that make exactly the same on a throwaway server. What holds of one
 * holds of all that are exactly as it is.
 * @throws AppError (exit 1) when the first of them fails there already.
 */
export const openProver = (request: ProofRequest): Prover => {
  const { bench, builds, live, signal } = request
  const known = new Map<string, Omit<Result, 'own'>>()
  return async (state, versions) => {
    const { database } = state.managed
    const files = state.files.flatMap(({ migration }) => migration ?? [])
    const found = await readSchema(live, { database, versions, signal })
    const like = await readProperties((sql, values) => live.server.query(database, sql, values), database)
    const seen = fingerprint(found)
    const key = `${builds.keyOf({ managed: { ...state.managed, versions }, files, like })} ${seen}`
    const there = known.get(key)
    if (there) return { ...there, builds: 0, state, versions, seen }
    const { own, ...result } = await search(state, { files, found, like, versions }, request)
    await bench.drop(database)
    if (!own) known.set(key, result)
    return { ...result, state, versions, seen }
  }
}
