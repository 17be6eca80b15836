import { compareOrder } from './order.ts'
import { runIdPattern } from './session.ts'

/** Bytes of an identifier; Postgres cuts the rest without a word. */
const longest = 63

const cut = (name: string, bytes: number): string => {
  let short = name
  while (Buffer.byteLength(short) > bytes) short = [...short].slice(0, -1).join('')
  return short
}

/** FNV-1a: 8 hex digits that tell names apart which begin alike. */
const hash = (text: string): string => {
  let value = 0x811c9dc5
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193)
  return (value >>> 0).toString(16).padStart(8, '0')
}

type What = 'restore' | 'before'

const suffixOf = (what: What, run: string): string => `_${what}_${run}`

/**
 * `calendar_qual_restore_20261122T185832-7f3a9c`: a database beside another, of one run. The run is never cut; a name that
 * has to be gets a hash of the whole of it: `…_store_qual` and `…_store_prod` begin alike.
 */
export const besideName = (database: string, what: What, run: string): string => {
  const suffix = suffixOf(what, run)
  const room = longest - suffix.length
  if (Buffer.byteLength(database) <= room) return `${database}${suffix}`
  const mark = `_${hash(database)}`
  return `${cut(database, room - mark.length)}${mark}${suffix}`
}

/** As releases before the hash called it. */
const bareName = (database: string, what: What, run: string): string => {
  const suffix = suffixOf(what, run)
  return `${cut(database, longest - suffix.length)}${suffix}`
}

/** Whether a restore of one of these databases was filling it. */
export const isFilling = (name: string, databases: readonly string[]): boolean => {
  const run = filling.exec(name)?.[1]
  return (
    run !== undefined &&
    databases.some((database) =>
      [besideName(database, 'restore', run), bareName(database, 'restore', run)].includes(name),
    )
  )
}

const filling = new RegExp(`_restore_(${runIdPattern.slice(1)})$`)
const before = new RegExp(`_before_(${runIdPattern.slice(1)})$`)
const beside = new RegExp(`_(before|restore)_${runIdPattern.slice(1)}$`)

/** Whether a restore made or left it. */
export const isBeside = (name: string): boolean => beside.test(name)

export type Beside = {
  /** Names on the server. */
  names: readonly string[]
  /** Names that are managed, whether they are there or not. */
  neighbours: readonly string[]
  /** The place of a run in its project's order, which no clock decides; nothing for another's. */
  sequenceOf?: (run: string) => number | undefined
}

/**
 * Those of the names that restores left when they replaced this database, oldest first. One that was cut without a hash
 * counts only while no other database, of the server or of `neighbours`, could have left it.
 */
export const replacedOf = (
  database: string,
  { names, neighbours, sequenceOf = () => undefined }: Beside,
): string[] => {
  const others = [...names.filter((name) => !beside.test(name)), ...neighbours].filter(
    (name) => name !== database,
  )
  const isLeft = (name: string, run: string): boolean =>
    besideName(database, 'before', run) === name ||
    (bareName(database, 'before', run) === name &&
      !others.some((other) => bareName(other, 'before', run) === name))
  return names
    .flatMap((name) => {
      const run = before.exec(name)?.[1]
      return run !== undefined && isLeft(name, run) ? [{ name, run, sequence: sequenceOf(run) }] : []
    })
    .sort(compareOrder)
    .map(({ name }) => name)
}
