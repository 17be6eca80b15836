import type { DatabaseInventory, Inventory, ObjectInventory } from './inventory.ts'

type Named = { name: string }

/** Missing and unexpected names, and what `differ` says of those on both sides. */
const compareByName = <T extends Named>(
  what: string,
  { before, after }: { before: readonly T[]; after: readonly T[] },
  differ: (before: T, after: T) => string[],
): string[] => {
  const found = new Map(after.map((item) => [item.name, item]))
  const known = new Set(before.map(({ name }) => name))
  return [
    ...before.flatMap((item) => {
      const other = found.get(item.name)
      return other ? differ(item, other) : [`${what} ${item.name} is missing`]
    }),
    ...after.filter(({ name }) => !known.has(name)).map(({ name }) => `${what} ${name} was not there before`),
  ]
}

/** Objects with every key of theirs in one order, whatever order a reader or a file had. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )

const differingKeys = (before: object, after: object, but: readonly string[] = []): string[] =>
  Object.keys(before).filter(
    (key) =>
      !but.includes(key) &&
      canonical(before[key as keyof typeof before]) !== canonical(after[key as keyof typeof after]),
  )

const words: Record<string, string> = {
  acl: 'grants',
  createRole: 'right to create roles',
  createDatabase: 'right to create databases',
  bypassRls: 'right to bypass row security',
  connectionLimit: 'connection limit',
  validUntil: 'end of validity',
  allowConnections: 'right to connect at all',
  icuRules: 'ICU rules',
  largeObjects: 'number of large objects',
}

const plurals = new Set(['acl', 'settings', 'memberships', 'options', 'icuRules'])

/** `the owner differs`, `the owner and the grants differ`. */
const sayKeys = (keys: readonly string[]): string => {
  const named = keys.map((key) => `the ${words[key] ?? key}`).join(' and ')
  return `${named} ${keys.length > 1 || plurals.has(keys[0] ?? '') ? 'differ' : 'differs'}`
}

const differs =
  (what: string, but: readonly string[] = []) =>
  <T extends Named>(before: T, after: T): string[] => {
    const keys = differingKeys(before, after, but)
    return keys.length > 0 ? [`${what} ${before.name}: ${sayKeys(keys)}`] : []
  }

const keyed = (objects: readonly ObjectInventory[]): (ObjectInventory & Named)[] =>
  objects.map((object) => ({ ...object, name: `${object.kind} ${object.name}` }))

const countRows = (rows: number): string => `${rows} row${rows === 1 ? '' : 's'}`

/** A live sequence moves on while it is dumped; going back would hand out numbers twice. */
const isBehind = (
  before: DatabaseInventory['sequences'][number],
  after: DatabaseInventory['sequences'][number],
): boolean => {
  if (before.value === null) return false
  if (after.value === null) return true
  const [was, is] = [BigInt(before.value), BigInt(after.value)]
  return before.ascending ? is < was : is > was
}

const nested = ['extensions', 'objects', 'tables', 'sequences', 'roles']

export type CompareOptions = {
  /** Keys that may differ, such as `name` or `tablespace`. */
  but?: readonly (keyof DatabaseInventory)[]
}

/**
 * How a database differs from what it was: rows, structure, owners, grants, settings. Size and the versions of extensions
 * may differ: a restore packs tables anew and installs what the image has.
 */
export const compareDatabases = (
  before: DatabaseInventory,
  after: DatabaseInventory,
  { but = [] }: CompareOptions = {},
): string[] => {
  const keys = differingKeys(before, after, [...nested, 'size', 'name', ...but])
  const own = keys.length > 0 ? [sayKeys(keys)] : []
  return [
    ...own,
    ...compareByName(
      'extension',
      { before: before.extensions, after: after.extensions },
      differs('extension', ['version']),
    ),
    ...compareByName('', { before: keyed(before.objects), after: keyed(after.objects) }, differs('')),
    ...compareByName('table', { before: before.tables, after: after.tables }, (was, is) =>
      was.rows === is.rows ? [] : [`table ${was.name} has ${countRows(is.rows)} instead of ${was.rows}`],
    ),
    ...compareByName('sequence', { before: before.sequences, after: after.sequences }, (was, is) =>
      isBehind(was, is) ? [`sequence ${was.name} stands at ${is.value} instead of ${was.value}`] : [],
    ),
  ].map((difference) => `${before.name}: ${difference.trim()}`)
}

/** Who granted a membership may be another: one who may not grant it any more is replaced by the superuser. */
const withoutGrantors = (roles: Inventory['roles']) =>
  roles.map((role) => ({
    ...role,
    memberships: role.memberships
      .map(({ role: granted, admin, inherit, set }) => [granted, admin, inherit, set].join(' '))
      .sort(),
  }))

export const compareRoles = (before: Inventory['roles'], after: Inventory['roles']): string[] =>
  compareByName('role', { before: withoutGrantors(before), after: withoutGrantors(after) }, differs('role'))

/** Differences of the server as a whole, as sentences; none when everything is as it was. */
export const compareInventories = (before: Inventory, after: Inventory): string[] => [
  ...compareByName(
    'tablespace',
    { before: before.tablespaces, after: after.tablespaces },
    differs('tablespace'),
  ),
  ...compareRoles(before.roles, after.roles),
  ...compareByName('database', { before: before.databases, after: after.databases }, compareDatabases),
]
