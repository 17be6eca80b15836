import type { ColumnType } from './ast.ts'

/** `index` and `sequence`, tables and views share one name space in Postgres, and here. */
export type ThingKind = 'relation' | 'type' | 'schema' | 'extension'

/** What is known of a relation, a type or a schema at one place of a run. */
export type Thing = {
  /** By which file of this run; absent: it was there before, so others use it. */
  made?: 'this file' | 'earlier file'
  /** Of a table with all its partitions: it has size 0. */
  empty?: boolean
  /** Of an index: the key of its table. */
  table?: string
  /** Absent where they are not known. */
  columns?: Columns
  /** Of a domain. */
  base?: ColumnType
}

export type Columns = ReadonlyMap<string, ColumnType>

/** Everything that there is before a file, by `kind name`. */
export type Known = ReadonlyMap<string, Thing>

/** What a statement makes of a thing; undefined: it is gone. */
export type Change = readonly [key: string, thing: Thing | undefined]

/** What there is before a statement. */
export type Present = {
  get: (key: string) => Thing | undefined
  keys: () => readonly string[]
  /** What is not there does not exist; else nobody has looked. */
  complete: boolean
}

export const keyOf = (kind: ThingKind, name: string): string => `${kind} ${name}`

/** The key of the schema in which something is; names in `public` have none. */
export const schemaKeyOf = (key: string): string | undefined => {
  const name = key.slice(key.indexOf(' ') + 1)
  return (key.startsWith('relation ') || key.startsWith('type ')) && name.includes('.')
    ? keyOf('schema', name.slice(0, name.lastIndexOf('.')))
    : undefined
}
