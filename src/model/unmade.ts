import type { Inventory } from './inventory.ts'

/** By database, everything that somebody made in it, as `table public.users`: columns and extensions too, rows not. */
export type Objects = ReadonlyMap<string, ReadonlySet<string>>

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

/** What is there now and not on an empty server after all migrations. */
export const findUnmade = (present: Objects, rebuilt: Objects, { databases }: Inventory): Unmade[] =>
  [...present].flatMap(([database, objects]) => {
    const made = rebuilt.get(database)
    const inventory = databases.find(({ name }) => name === database)
    const found = [...objects].filter((object) => !made?.has(object) && !ours.test(object))
    if (found.length === 0) return []
    const shown = withoutColumnsOf(found).sort(inOrder)
    return [{ database, objects: inventory ? shown.map((object) => withRows(object, inventory)) : shown }]
  })

const listed = 6

/** `iam_qual: table public.notes (12 rows), index public.by_name, and 3 more`. */
export const describeUnmade = ({ database, objects }: Unmade): string => {
  const more = objects.length > listed ? `, and ${objects.length - listed} more` : ''
  return `${database}: ${objects.slice(0, listed).join(', ')}${more}`
}
