import { AppError } from '../errors.ts'
import { buildKey, isOwnSchema, type Making } from './plan/build-key.ts'
import type { Schema } from './read-schema.ts'

/** A schema that files made; its own where the name of its database, or of its owner, stands in it. */
export type Built = { expected: Schema; own: boolean }

/** What files made, kept for other databases in which they make the same. */
export type Builds = {
  /** By which these are laid together. */
  keyOf: (making: Making) => string
  /** @throws AppError why they could not be made. */
  find: (making: Making) => Built | undefined
  keep: (making: Making, expected: Schema) => Built
  fail: (making: Making, failure: AppError) => void
  /** What was made of these files before, or else is now. @throws AppError why it cannot be, the same for all. */
  make: (making: Making, make: () => Promise<Schema>) => Promise<Built>
}

type Kept = { database: string; own: boolean; size: number; expected?: Schema; failure?: AppError }

/** Characters of dumps that are kept; their objects take about as much again. */
const most = 64 * 1024 * 1024

/** `migrator`: who applies the files. */
export const openBuilds = (migrator: string, signal: AbortSignal): Builds => {
  const kept = new Map<string, Kept>()
  let size = 0
  const keyOf = (making: Making): string => buildKey(making, migrator)
  const put = (making: Making, text: string, made: Pick<Kept, 'expected' | 'failure'>): boolean => {
    const key = keyOf(making)
    const own = isOwnSchema(text, making, migrator)
    size += text.length - (kept.get(key)?.size ?? 0)
    kept.delete(key)
    kept.set(key, { database: making.managed.database, own, size: text.length, ...made })
    for (const [oldest, other] of kept) {
      if (size <= most || oldest === key) break
      size -= other.size
      kept.delete(oldest)
    }
    return own
  }
  const find: Builds['find'] = (making) => {
    const { database, own, expected, failure } = kept.get(keyOf(making)) ?? {}
    if (own && database !== making.managed.database) return undefined
    if (failure) throw failure
    return expected && { expected, own: own === true }
  }
  const keep: Builds['keep'] = (making, expected) => ({
    expected,
    own: put(making, expected.text, { expected }),
  })
  const fail: Builds['fail'] = (making, failure) => {
    put(making, [failure.message, ...failure.details].join('\n'), { failure })
  }
  return {
    ...{ keyOf, find, keep, fail },
    make: async (making, make) => {
      const known = find(making)
      if (known) return known
      try {
        return keep(making, await make())
      } catch (failure) {
        if (failure instanceof AppError && !signal.aborted) fail(making, failure)
        throw failure
      }
    },
  }
}
