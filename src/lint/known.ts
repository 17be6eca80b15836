import type { ColumnType } from './ast.ts'
import { changesOf } from './changes.ts'
import type { LintedFile } from './rule.ts'
import { type Columns, type Known, keyOf, schemaKeyOf, type Thing, type ThingKind } from './things.ts'

/** A statement's place in the up section. */
export type At = { file: LintedFile; index: number }

type Timeline = ReadonlyMap<string, readonly { index: number; thing: Thing | undefined }[]>

const cache = new WeakMap<LintedFile, Timeline>()

const readTimeline = (file: LintedFile): Timeline => {
  const found = cache.get(file)
  if (found) return found
  const events = new Map<string, { index: number; thing: Thing | undefined }[]>()
  const get = (key: string): Thing | undefined => {
    const last = events.get(key)?.at(-1)
    return last ? last.thing : file.known?.get(key)
  }
  const keys = (): string[] => [...new Set([...(file.known?.keys() ?? []), ...events.keys()])].filter(get)
  const present = { get, keys, complete: file.known !== undefined }
  for (const [index, { node }] of file.up.entries())
    for (const [key, thing] of changesOf(node, present)) {
      const earlier = events.get(key)
      if (earlier) earlier.push({ index, thing })
      else events.set(key, [{ index, thing }])
    }
  cache.set(file, events)
  return events
}

const thingAt = ({ file, index }: At, key: string): Thing | undefined => {
  const last = readTimeline(file)
    .get(key)
    ?.findLast((event) => event.index < index)
  return last ? last.thing : file.known?.get(key)
}

/**
 * Whether this run made an object before this statement: nobody else uses it yet, so no lock on it makes anyone wait, and no
 * program knows its name. Everything in a schema that it made counts, too.
 */
export const isCreated = (at: At, name: string, kind: ThingKind = 'relation'): boolean => {
  const key = keyOf(kind, name)
  const schema = schemaKeyOf(key)
  return [key, ...(schema ? [schema] : [])].some((each) => thingAt(at, each)?.made !== undefined)
}

/** Whether the transaction itself made it. */
export const isOfThisFile = (at: At, name: string, kind: ThingKind): boolean =>
  thingAt(at, keyOf(kind, name))?.made === 'this file'

/**
 * Whether nobody uses a table yet, or it has no row: what is done to it takes a moment, and nothing is lost. An index is as
 * its table.
 */
export const isVacant = (at: At, name: string): boolean => {
  if (isCreated(at, name)) return true
  const thing = thingAt(at, keyOf('relation', name))
  const table = thing?.table === undefined ? undefined : thingAt(at, thing.table)
  return (table ?? thing)?.empty === true || table?.made !== undefined
}

/** In a file that says where to look, a bare name may be any schema's. */
const changesPath = /search_path|set\s+schema/i

/** Whether `DROP … IF EXISTS` finds nothing to drop. */
export const isAbsent = (at: At, name: string, kind: ThingKind = 'relation'): boolean =>
  at.file.known !== undefined &&
  thingAt(at, keyOf(kind, name)) === undefined &&
  !changesPath.test(at.file.migration.text)

/** A column's type, where it is known. */
export const columnTypeAt = (at: At, table: string, column: string): ColumnType | undefined =>
  thingAt(at, keyOf('relation', table))?.columns?.get(column)

/** A table's columns before and behind a statement, where they are known. */
export const columnsAround = ({ file, index }: At, table: string): Columns[] => {
  const key = keyOf('relation', table)
  const around = [thingAt({ file, index }, key), thingAt({ file, index: index + 1 }, key)]
  return around.flatMap((thing) => thing?.columns ?? [])
}

/** The type under a domain, or the type itself. */
export const baseTypeAt = (at: At, type: ColumnType): ColumnType => {
  const base = thingAt(at, keyOf('type', type.name))?.base
  return base ? baseTypeAt(at, { ...base, array: base.array || type.array }) : type
}

/** Dropping an index takes a lock on its table, whoever made the index. */
const grownOlder = ({ made, ...thing }: Thing): Thing =>
  made === undefined || thing.table !== undefined ? thing : { ...thing, made: 'earlier file' }

/** What the next file of the run finds. */
export const knownAfter = (file: LintedFile): Known => {
  const later = new Map(file.known)
  for (const [key, events] of readTimeline(file)) {
    const thing = events.at(-1)?.thing
    if (thing) later.set(key, grownOlder(thing))
    else later.delete(key)
  }
  return later
}

const stripped = (known: Known, strip: (thing: Thing) => Thing): Known =>
  new Map([...known].map(([key, thing]) => [key, strip(thing)] as const))

/** What is there once a file was applied in another run: others use it, and it may have rows. */
export const knownOnceApplied = (file: LintedFile): Known =>
  stripped(knownAfter(file), ({ made: _, empty: __, ...thing }) => thing)

/** The same, with rows in every table. */
export const withRows = (known: Known): Known => stripped(known, ({ empty: _, ...thing }) => thing)
