import type { Migration } from '../../model/types.ts'
import type { Difference } from './compare-schemas.ts'

/** A schema that the first `count` files make, beside the one that is there. */
export type Probe = { count: number; differences: readonly Difference[] }

const argumentList = /\(.*/s
const word = /[\p{L}\p{N}_$]+/gu

/** The last word of an object's name that is not one of SQL: what a file that makes it would write. */
const nameIn = (object: string): string => {
  const [subject = object] = object.split(' on ')
  return [...subject.replace(argumentList, '').matchAll(word)].at(-1)?.[0].toLowerCase() ?? ''
}

const mentions = ({ up }: Migration, name: string): boolean =>
  name !== '' && [...up.toLowerCase().matchAll(word)].some(([found]) => found === name)

/** Whether what differs is the work of files that the probe has not: by the names that they write. */
export const isLater = (files: readonly Migration[], { count, differences }: Probe): boolean => {
  const later = files.slice(count)
  const byLater = ({ object }: Difference): boolean => later.some((file) => mentions(file, nameIn(object)))
  const isMade = ({ expected }: Difference): boolean => expected === null
  const isGone = ({ found }: Difference): boolean => found === null
  if (differences.some((one) => isMade(one) && byLater(one))) return true
  if (differences.some((one) => isGone(one) && !byLater(one))) return false
  return differences.some((one) => !isMade(one) && byLater(one))
}

export type Search = {
  files: readonly Migration[]
  /** Builds what so many files make and lays it beside what is there; nothing where one of them fails. */
  probe: (count: number) => Promise<readonly Difference[] | undefined>
}

/**
 * The prefix of the files that makes exactly what is there, in as many builds as a bisect takes; nothing where it meets none.
 * Which half is meant is read off what differs: neither more nor fewer files are always nearer, since files drop and change
 * what older ones made.
 */
export const bisectPrefix = async ({ files, probe }: Search): Promise<number | undefined> => {
  let [from, to] = [0, files.length]
  while (from <= to) {
    const count = Math.ceil((from + to) / 2)
    const differences = await probe(count)
    if (differences?.length === 0) return count
    if (differences && isLater(files, { count, differences })) from = count + 1
    else to = count - 1
  }
  return undefined
}
