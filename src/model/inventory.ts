/** One relation, function, type … of a database; everything but expressions, which Postgres rewrites on the way. */
export type ObjectInventory = {
  kind: string
  /** Qualified and quoted. */
  name: string
  owner: string
  /** Each grant as Postgres writes it, `role=privileges/grantor`, sorted; defaults spelt out. */
  acl: readonly string[]
  /** md5 of its structure. */
  definition: string
}

/** Rows of a table, exact. */
export type TableInventory = { name: string; rows: number }

/** `value` is null until the sequence was used. */
export type SequenceInventory = { name: string; value: string | null; ascending: boolean }

/** What CREATE DATABASE and ALTER DATABASE know. */
export type DatabaseProperties = {
  name: string
  owner: string
  encoding: string
  /** `c` libc, `i` icu, `b` builtin. */
  provider: string
  collate: string
  ctype: string
  /** Of ICU and the builtin provider. */
  locale: string | null
  icuRules: string | null
  tablespace: string
  /** -1: none. */
  connectionLimit: number
  allowConnections: boolean
  template: boolean
  comment: string | null
  acl: readonly string[]
  /** `name=value` each; `role` is null for what holds for everybody. */
  settings: readonly { role: string | null; values: readonly string[] }[]
}

/** `stored`: as they were given and altered. */
export type OptionsOrder = 'sorted' | 'stored'

export type DatabaseInventory = DatabaseProperties & {
  /** In which order `definition` has the options of relations; absent, as they are stored: older releases read them so. */
  options?: 'sorted'
  /** Bytes on the server's disk. */
  size: number
  /** Roles that own or may do something in it. */
  roles: readonly string[]
  extensions: readonly { name: string; version: string; schema: string }[]
  objects: readonly ObjectInventory[]
  tables: readonly TableInventory[]
  sequences: readonly SequenceInventory[]
  largeObjects: number
}

export type Membership = {
  /** The role that is granted. */
  role: string
  grantor: string
  admin: boolean
  /** Before Postgres 16 both belong to the member: inherit as the role says, set always. */
  inherit: boolean
  set: boolean
}

/** A role without its password. */
export type RoleInventory = {
  name: string
  superuser: boolean
  inherit: boolean
  createRole: boolean
  createDatabase: boolean
  login: boolean
  replication: boolean
  bypassRls: boolean
  /** -1: none. */
  connectionLimit: number
  validUntil: string | null
  comment: string | null
  /** `name=value`, in every database. */
  settings: readonly string[]
  memberships: readonly Membership[]
}

export type TablespaceInventory = {
  name: string
  owner: string
  location: string
  acl: readonly string[]
  options: readonly string[]
}

/** Everything a server holds, templates and Postgres' own objects left out. */
export type Inventory = {
  /** As `show server_version` has it. */
  version: string
  /** Libraries that some extensions need at the server's start. */
  preload: string
  tablespaces: readonly TablespaceInventory[]
  roles: readonly RoleInventory[]
  databases: readonly DatabaseInventory[]
}

/** Postgres' own roles are on every server. */
export const isRoleThere = (role: string, there: ReadonlySet<string>): boolean =>
  role.startsWith('pg_') || there.has(role)

export type AmongOptions = {
  /** The roles that will be there. */
  there: ReadonlySet<string>
  /** Grants in the place of one that will not. */
  superuser: string
}

/** Of these roles those that will be there, and of their memberships those in roles that will. */
export const rolesAmong = (
  roles: readonly RoleInventory[],
  { there, superuser }: AmongOptions,
): RoleInventory[] =>
  roles
    .filter(({ name }) => there.has(name))
    .map((role) => ({
      ...role,
      memberships: role.memberships
        .filter((membership) => isRoleThere(membership.role, there))
        .map((membership) => ({
          ...membership,
          grantor: isRoleThere(membership.grantor, there) ? membership.grantor : superuser,
        })),
    }))
