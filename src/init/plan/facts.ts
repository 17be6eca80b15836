import type { Secret } from '../../model/secret.ts'
import type { TlsMode } from '../../model/types.ts'

/** A directory in which dbmate's migrations were found; paths are relative to the project, with slashes. */
export type FoundDirectory = {
  path: string
  versions: readonly string[]
  /** Other directories beside it that hold none: in a store they would be databases. */
  strangers: boolean
}

/** Where the password of a Postgres user can be read, by the rules that the config has for it. */
export type PasswordPlace =
  | { kind: 'key'; file: string; key: string }
  /** A file that holds it and nothing else. */
  | { kind: 'whole'; file: string }
  /** In no env file, such as a compose file. */
  | { kind: 'text'; from: string; value: Secret }
  /** The server asks nobody. */
  | { kind: 'trust' }
  | { kind: 'unknown' }

/** A Postgres in a container, running or not. */
export type FoundServer = {
  /** By which it answers on its network. */
  service: string
  /** Docker's name; absent where it has none that others could join. */
  network?: string | undefined
  user: string
  /** The one that its image makes. */
  database: string
  port: number
  /** On which it answers outside Docker. */
  published: readonly number[]
  password: PasswordPlace
}

/** What `docker compose config` says of the project. */
export type ComposeFacts = {
  file: string
  project: string
  servers: readonly FoundServer[]
}

/** `DATABASE_URL`, as dbmate reads it. */
export type UrlFacts = {
  key: string
  /** Absent where only the shell has it. */
  file?: string
  host: string
  port: number
  user: string
  /** Absent where it names none. */
  database?: string | undefined
  searchPath?: string
  hasPassword: boolean
  /** Why a config cannot lead where it leads, as what comes after "The URL in NAME". */
  unusable?: string
  /** What a server's URL may not say: TLS and the rest are then written into the config one by one. */
  spelled?: { mode?: TlsMode; ca?: string; cert?: string; key?: string }
}

/** What the server itself says, where it could be reached. */
export type ServerFacts = {
  superuser: boolean
  createsDatabases: boolean
  databases: readonly string[]
  /** Of each database, the tables that could be dbmate's, and the versions in them. */
  versions: readonly { database: string; table: string; versions: readonly string[] }[]
}

export type Facts = {
  /** What the project is called, as a config may have it. */
  project: string
  /** Where the config is to stand. */
  place: string
  compose?: ComposeFacts | undefined
  url?: UrlFacts | undefined
  /** Outside the compose project: what runs on this machine's engine. */
  others: readonly FoundServer[]
  directories: readonly FoundDirectory[]
  /** `DBMATE_MIGRATIONS_TABLE` */
  table?: string | undefined
  server?: ServerFacts | undefined
  /** What could not be read, and why. */
  notes: readonly string[]
}

/** What was asked, and what somebody typed. */
export type Answers = Readonly<Record<string, string>>

export type Question = { id: string; ask: string; choices: readonly string[]; suggestion: string }
