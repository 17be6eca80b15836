import type { ColumnType } from './ast.ts'

type Judge = (from: readonly number[], to: readonly number[]) => boolean

const notShorter: Judge = ([from], [to]) => to === undefined || (from !== undefined && to >= from)
const sameScale: Judge = (from, to) =>
  to.length === 0 || (from.length > 0 && (to[0] ?? 0) >= (from[0] ?? 0) && (to[1] ?? 0) === (from[1] ?? 0))
/** Without a precision: microseconds, 6 digits. */
const notCoarser: Judge = ([from = 6], [to = 6]) => to >= from
/** The fields as a mask, all without one, then a precision; changes of the fields are rare and count as rewriting. */
const sameFields: Judge = ([fromFields = 32767, from = 6], [toFields = 32767, to = 6]) =>
  toFields === fromFields && to >= from
const always: Judge = () => true

/**
 * Changes that Postgres 17 makes in its catalogs alone, `from to`; every other rewrites the table.
 * Proven against a server by the integration test of these claims.
 */
const catalogOnly: Readonly<Record<string, Judge>> = {
  'varchar varchar': notShorter,
  'varchar text': always,
  'text text': always,
  'text varchar': (_, to) => to.length === 0,
  'varbit varbit': notShorter,
  'numeric numeric': sameScale,
  'timestamp timestamp': notCoarser,
  'timestamptz timestamptz': notCoarser,
  'time time': notCoarser,
  'timetz timetz': notCoarser,
  'interval interval': sameFields,
  'cidr inet': always,
}

const isSame = (from: ColumnType, to: ColumnType): boolean =>
  from.name === to.name && from.array === to.array && from.modifiers.join() === to.modifiers.join()

/** Whether Postgres 17 rewrites a table when a column of it goes from one type to the other. */
export const rewritesTable = (from: ColumnType, to: ColumnType): boolean => {
  if (isSame(from, to)) return false
  const judge = from.array || to.array ? undefined : catalogOnly[`${from.name} ${to.name}`]
  return !judge?.(from.modifiers, to.modifiers)
}
