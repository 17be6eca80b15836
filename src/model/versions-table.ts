import type { ManagedDatabase, Obstacle, VersionsTable } from './types.ts'

/** Whatever bears the table's name in one schema. */
export type Namesake = {
  schema: string
  /** pg_class.relkind */
  kind: string
  /** Type of its column `version`; null where there is none. */
  version: string | null
  /** Whether this role may read and write it. */
  permitted: boolean
}

/** What was found: the schema in which dbmate itself would look, and everything of that name. */
export type FoundVersions = {
  schema: string
  /** The config names the schema: nowhere else is looked for it. */
  fixed: boolean
  namesakes: readonly Namesake[]
}

const tableKinds = new Set(['r', 'p'])
const kindNames: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  S: 'a sequence',
  c: 'a type',
  i: 'an index',
  I: 'an index',
}
const text = /^(?:text|character varying(?:\(\d+\))?)$/

const isVersions = ({ kind, version }: Namesake): boolean =>
  tableKinds.has(kind) && version !== null && text.test(version)

/** As it is written in the config, and given to dbmate, which quotes both halves itself. */
export const nameOfVersions = ({ schema, table }: VersionsTable): string => `${schema}.${table}`

/** What the config says of where a database's versions are. */
export const settingOfVersions = ({ name }: ManagedDatabase, table: string): string =>
  `databases: { ${name}: { migrations_table: ${table} } }`

const ofConfig = (managed: ManagedDatabase, table: string): string =>
  `write into the config: ${settingOfVersions(managed, table)}`

const notDbmates = (managed: ManagedDatabase, place: VersionsTable, found: Namesake): Obstacle => {
  const wrong =
    found.version === null ? 'has no column "version"' : `has a column "version" of type ${found.version}`
  const what = kindNames[found.kind] ? `is ${kindNames[found.kind]}` : wrong
  return {
    message: `${managed.database}: ${nameOfVersions(place)} is not dbmate's table of versions: it ${what}.`,
    details: ['dbmate keeps versions in a table with a column "version" of type text or varchar.'],
    hint: `where the versions are to stand, ${ofConfig(managed, 'SCHEMA.TABLE')}`,
  }
}

const several = (managed: ManagedDatabase, looked: VersionsTable, names: readonly string[]): Obstacle => ({
  message: `${managed.database}: ${names.length} tables may hold the versions: ${names.join(', ')}.`,
  details: [`There is no ${nameOfVersions(looked)}, where dbmate would look.`],
  hint: `say which, ${ofConfig(managed, names[0] ?? '')}`,
})

/** Under a role without rights on its table, dbmate sees no table, takes every file for pending, and answers 0. */
const notPermitted = ({ database }: ManagedDatabase, place: VersionsTable): Obstacle => ({
  message: `${database}: the role may not read and write ${nameOfVersions(place)}.`,
  details: ['dbmate would take every migration for pending.'],
  hint: 'set user: to the role that owns the databases',
})

const dotted = (managed: ManagedDatabase, { schema, table }: VersionsTable): Obstacle => ({
  message: `${managed.database}: dbmate cannot name a table in the schema "${schema}": it splits at the first dot.`,
  details: [],
  hint: `move the table to a schema without a dot, or ${ofConfig(managed, `public.${table}`)}`,
})

const item = /"((?:[^"]|"")*)"|([^\s,"][^,]*)/g

/** The schemas of a search_path as dbmate takes them: case is kept where Postgres would fold it. */
export const schemasOf = (searchPath: string): string[] =>
  [...searchPath.matchAll(item)].map(
    ([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain.trim(),
  )

/** What the config says of the table: its own schema, or the search_path's; and its name, split at the first dot. */
export const configuredVersions = ({ migrationsTable, searchPath, versions }: ManagedDatabase) => {
  const [first = '', ...rest] = migrationsTable.split('.')
  if (versions) return { schema: versions.schema, path: null, table: versions.table }
  if (rest.length > 0) return { schema: first, path: null, table: rest.join('.') }
  return { schema: null, path: searchPath === undefined ? null : schemasOf(searchPath), table: first }
}

/** Where dbmate makes its table unless something says otherwise. */
export const usualVersions: VersionsTable = { schema: 'public', table: 'schema_migrations' }

/** Where the table is, or is to be expected when no server was asked. */
export const expectVersions = (managed: ManagedDatabase): VersionsTable => {
  const { schema, path, table } = configuredVersions(managed)
  return { schema: schema ?? path?.[0] ?? usualVersions.schema, table }
}

export type ChosenVersions = { place: VersionsTable; tracked: boolean; obstacle?: Obstacle }

const judge = (
  managed: ManagedDatabase,
  place: VersionsTable,
  found: Namesake | undefined,
): Obstacle | undefined => {
  if (found && !isVersions(found)) return notDbmates(managed, place, found)
  if (found && !found.permitted) return notPermitted(managed, place)
  return place.schema.includes('.') ? dotted(managed, place) : undefined
}

/**
 * Where a database's versions stand: where the config says, else where dbmate would find them, else in the one table of
 * that name; and where there is none, where dbmate will make it.
 */
export const chooseVersions = (
  managed: ManagedDatabase,
  table: string,
  { schema, fixed, namesakes }: FoundVersions,
): ChosenVersions => {
  const at = (place: string): VersionsTable => ({ schema: place, table })
  const own = namesakes.find((entry) => entry.schema === schema)
  const others = fixed || own ? [] : namesakes.filter(isVersions)
  const found = own ?? others[0]
  const place = at(found?.schema ?? schema)
  const names = others.map((entry) => nameOfVersions(at(entry.schema)))
  const obstacle = names.length > 1 ? several(managed, at(schema), names) : judge(managed, place, found)
  return { place, tracked: found !== undefined, ...(obstacle && { obstacle }) }
}
