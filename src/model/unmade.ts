import type { Inventory } from './inventory.ts'

/**
 * By database, everything that somebody made in it, as `table public.users`, and how: columns and extensions too, rows not.
 */
export type Objects = ReadonlyMap<string, ReadonlyMap<string, string>>

/** What a database holds and no migration makes, tables with their rows, most important first. */
export type Unmade = { database: string; objects: readonly string[] }

/** The ledger's schema is the tool's own. */
const ours = /[ .]po_migrate(\.|$)/

/** What belongs to a table that is named anyway would only make the list longer. */
const parts = /^(column|constraint|index|policy|sequence|trigger|type) /
const inOrder = (a: string, b: string): number =>
  Number(parts.test(a)) - Number(parts.test(b)) || (a < b ? -1 : 1)

const withoutColumnsOf = (objects: readonly string[]): string[] => {
  const tables = objects.filter((object) => object.startsWith('table ')).map((object) => object.slice(6))
  const isPart = (object: string): boolean =>
    tables.some((table) => object.startsWith(`column ${table}.`) || object.endsWith(` on ${table}`))
  return objects.filter((object) => !isPart(object))
}

const withRows = (object: string, { tables }: Inventory['databases'][number]): string => {
  const table = tables.find(({ name }) => object === `table ${name}`)
  return table ? `${object} (${table.rows} ${table.rows === 1 ? 'row' : 'rows'})` : object
}

type Found = { now: ReadonlyMap<string, string>; made: ReadonlyMap<string, string>; isSettled: boolean }

/** `isSettled`: nothing is pending. Otherwise another definition may be a pending migration's, and is not told. */
const differing = ({ now, made, isSettled }: Found): string[] =>
  [...now].flatMap(([object, definition]) => {
    if (ours.test(object)) return []
    const rebuilt = made.get(object)
    if (rebuilt === undefined) return object
    return isSettled && rebuilt !== definition ? `${object} (changed)` : []
  })

export type UnmadeWorld = {
  present: Objects
  /** On an empty server after all migrations. */
  rebuilt: Objects
  inventory: Inventory
  /** Databases whose definitions cannot be compared: migrations are still to run, say. */
  behind: ReadonlySet<string>
}

/** What is there now, and is not there or is another on an empty server after all migrations. */
export const findUnmade = ({ present, rebuilt, inventory, behind }: UnmadeWorld): Unmade[] =>
  [...present].flatMap(([database, now]) => {
    const made = rebuilt.get(database) ?? new Map()
    const counted = inventory.databases.find(({ name }) => name === database)
    const found = differing({ now, made, isSettled: !behind.has(database) })
    if (found.length === 0) return []
    const shown = withoutColumnsOf(found).sort(inOrder)
    return [{ database, objects: counted ? shown.map((object) => withRows(object, counted)) : shown }]
  })

const listed = 6

/** `iam_qual: table public.notes (12 rows), index public.by_name, and 3 more`. */
export const describeUnmade = ({ database, objects }: Unmade): string => {
  const more = objects.length > listed ? `, and ${objects.length - listed} more` : ''
  return `${database}: ${objects.slice(0, listed).join(', ')}${more}`
}
