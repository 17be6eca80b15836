import type { DatabaseProperties } from '../../model/inventory.ts'
import type { ManagedDatabase, Migration } from '../../model/types.ts'

/** A database to be made from files. */
export type Making = {
  managed: ManagedDatabase
  files: readonly Pick<Migration, 'version'>[]
  like?: DatabaseProperties | undefined
}

const aclItem = /^([^=]*)=([^/]*)\/(.*)$/s

type Name = (role: string) => string

/** Owners of their own, one a tenant, make no other schema; whoever migrates as well is not one of them. */
const namesFor = ({ owner }: DatabaseProperties, migrator: string): Name => {
  const own = owner === migrator ? [] : [owner, `"${owner.replaceAll('"', '""')}"`]
  return (role) => (own.includes(role) ? '(owner)' : role)
}

const aclOf = ({ acl }: DatabaseProperties, name: Name) =>
  acl.map((item) => {
    const [, to, privileges, by] = aclItem.exec(item) ?? []
    return to === undefined || by === undefined ? item : [name(to), privileges, name(by)]
  })

/** What of a database decides how its files are read: not its name, its size, its limits. */
const propertiesOf = (like: DatabaseProperties, migrator: string) => {
  const { owner, encoding, provider, collate, ctype, locale, icuRules, settings } = like
  const name = namesFor(like, migrator)
  return {
    ...{ encoding, provider, collate, ctype, locale, icuRules },
    owner: name(owner),
    acl: aclOf(like, name),
    settings: settings.map(({ role, values }) => [role === null ? null : name(role), values]),
  }
}

/** Databases with the same one are made alike by their files, but for what these take from the name. */
export const buildKey = ({ managed, files, like }: Making, migrator: string): string => {
  const { directory, versions, migrationsTable, searchPath } = managed
  return JSON.stringify([
    directory,
    versions ?? migrationsTable,
    searchPath,
    files.map(({ version }) => version),
    like && propertiesOf(like, migrator),
  ])
}

const special = /[.*+?^${}()|[\]\\]/g

/** Whether a word of a schema is the name of the database, or of its owner, which another one would have otherwise. */
export const isOwnSchema = (
  text: string,
  { managed, like }: Pick<Making, 'managed' | 'like'>,
  migrator: string,
): boolean => {
  const owner = like && like.owner !== migrator ? [like.owner] : []
  return [managed.database, ...owner].some((name) =>
    new RegExp(`(?<![\\p{L}\\p{N}_$])${name.replace(special, '\\$&')}(?![\\p{L}\\p{N}_$])`, 'u').test(text),
  )
}
