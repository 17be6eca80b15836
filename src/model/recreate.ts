import type { DatabaseProperties, Membership, RoleInventory } from './inventory.ts'
import type { Secret } from './secret.ts'
import { quoteIdentifier, quoteLiteral, setSetting } from './sql.ts'

const providers: Record<string, string> = { c: 'libc', i: 'icu', b: 'builtin' }

export type CreateOptions = {
  /** Major version of the server. */
  major: number
  /** Takes the tablespace along; a scratch server has none but its own. */
  tablespace: boolean
}

/** CREATE DATABASE under another name, empty, with everything that only it can say. */
export const createDatabaseLike = (
  properties: DatabaseProperties,
  name: string,
  { major, tablespace }: CreateOptions,
): string => {
  const { encoding, provider, collate, ctype, locale, icuRules } = properties
  const own = locale === null ? '' : quoteLiteral(locale)
  return [
    `create database ${quoteIdentifier(name)} template template0 encoding ${quoteLiteral(encoding)}`,
    ...(major >= 15 ? [`locale_provider ${providers[provider] ?? 'libc'}`] : []),
    `lc_collate ${quoteLiteral(collate)} lc_ctype ${quoteLiteral(ctype)}`,
    ...(provider === 'i' && own ? [`icu_locale ${own}`] : []),
    ...(provider === 'b' && own ? [`builtin_locale ${own}`] : []),
    ...(icuRules ? [`icu_rules ${quoteLiteral(icuRules)}`] : []),
    ...(tablespace ? [`tablespace ${quoteIdentifier(properties.tablespace)}`] : []),
  ].join(' ')
}

const databasePrivileges: Record<string, string> = { C: 'create', T: 'temporary', c: 'connect' }
/** `role=privileges/grantor`, names in quotes where they need them, no name for PUBLIC. */
const aclItem = /^("(?:[^"]|"")*"|[^=]*)=([^/]*)\/(.*)$/s

const unquote = (name: string): string =>
  name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name

export type GrantedOptions = { isThere: (role: string) => boolean; owner: string }

/** The grants to roles that are there, the owner in the place of a grantor who is not. */
export const grantsAmong = (acl: readonly string[], { isThere, owner }: GrantedOptions): string[] =>
  acl.flatMap((item) => {
    const [, grantee = '', privileges = '', grantor = ''] = aclItem.exec(item) ?? []
    if (grantee !== '' && !isThere(unquote(grantee))) return []
    return `${grantee}=${privileges}/${isThere(unquote(grantor)) ? grantor : quoteIdentifier(owner)}`
  })

const grantsOf = (item: string, name: string, owner: string): string[] => {
  const [, grantee = '', privileges = '', grantor = ''] = aclItem.exec(item) ?? []
  const to = grantee === '' ? 'public' : quoteIdentifier(unquote(grantee))
  const by = unquote(grantor)
  const grants = [...privileges.matchAll(/(\w)(\*?)/g)].map(
    ([, letter = '', option]) =>
      `grant ${databasePrivileges[letter] ?? letter} on database ${name} to ${to}${option ? ' with grant option' : ''}`,
  )
  // A superuser grants as the owner; only somebody else's grants need that somebody.
  return by === owner
    ? grants
    : grants.map((grant) => `set role ${quoteIdentifier(by)}; ${grant}; reset role`)
}

/** Everything else about a database, on an existing one that has the defaults: owner, grants, settings, comment, limits. */
export const databaseProperties = (properties: DatabaseProperties, database: string): string[] => {
  const { owner, acl, settings, comment, connectionLimit, template } = properties
  const name = quoteIdentifier(database)
  return [
    `alter database ${name} owner to ${quoteIdentifier(owner)}`,
    `revoke all on database ${name} from public, ${quoteIdentifier(owner)}`,
    ...acl.flatMap((item) => grantsOf(item, name, owner)),
    ...settings.flatMap(({ role, values }) =>
      values.map((value) =>
        role === null
          ? `alter database ${name} ${setSetting(value)}`
          : `alter role ${quoteIdentifier(role)} in database ${name} ${setSetting(value)}`,
      ),
    ),
    ...(comment === null ? [] : [`comment on database ${name} is ${quoteLiteral(comment)}`]),
    ...(connectionLimit === -1 ? [] : [`alter database ${name} connection limit ${connectionLimit}`]),
    ...(template ? [`alter database ${name} is_template true`] : []),
  ]
}

const attributes = (role: RoleInventory): string => {
  const flag = (on: boolean, word: string): string => (on ? word : `no${word}`)
  return [
    flag(role.superuser, 'superuser'),
    flag(role.inherit, 'inherit'),
    flag(role.createRole, 'createrole'),
    flag(role.createDatabase, 'createdb'),
    flag(role.login, 'login'),
    flag(role.replication, 'replication'),
    flag(role.bypassRls, 'bypassrls'),
    `connection limit ${role.connectionLimit}`,
    ...(role.validUntil === null ? [] : [`valid until ${quoteLiteral(role.validUntil)}`]),
  ].join(' ')
}

const roleExtras = ({ name, settings, comment }: RoleInventory): string[] => [
  ...settings.map((value) => `alter role ${quoteIdentifier(name)} ${setSetting(value)}`),
  ...(comment === null ? [] : [`comment on role ${quoteIdentifier(name)} is ${quoteLiteral(comment)}`]),
]

/** A new role; `password` is the verifier, which Postgres takes as it is. */
export const createRole = (role: RoleInventory, password: Secret | undefined): string[] => [
  `create role ${quoteIdentifier(role.name)} with ${attributes(role)}${
    password ? ` password ${quoteLiteral(password.reveal())}` : ''
  }`,
  ...roleExtras(role),
]

/** An existing role made to be as it was; its password stays as it is. */
export const alterRole = (role: RoleInventory): string[] => [
  `alter role ${quoteIdentifier(role.name)} with ${attributes(role)}`,
  ...roleExtras(role),
]

/** Without a grantor the superuser grants, who always may. */
export const grantMembership = (
  member: string,
  { role, grantor, admin, inherit, set }: Omit<Membership, 'grantor'> & { grantor?: string | undefined },
  major: number,
): string => {
  const options =
    major >= 16 ? ` with admin ${admin}, inherit ${inherit}, set ${set}` : admin ? ' with admin option' : ''
  const by = grantor === undefined ? '' : ` granted by ${quoteIdentifier(grantor)}`
  return `grant ${quoteIdentifier(role)} to ${quoteIdentifier(member)}${options}${by}`
}
