import type { Secret } from './secret.ts'

/** A compose project on a host: the compose file (absolute path) and the project's name. */
export type Stack = {
  file: string
  project: string
  /** Another compose file that is laid over it. */
  over?: string
}

export type CutoverSettings = {
  /** Application stacks, stopped and started again. */
  stacks: readonly Stack[]
  /** Seconds; there, a cutover is a reset: no confirmation, no backup, nothing carried over. */
  abortWindow?: number
  /** Copies of the volume that stay after a successful cutover. */
  retain: number
}

/** A machine with a Docker engine: this one, or one reached by ssh. */
export type Host = {
  name: string
  /** ssh destination; absent: this machine. */
  ssh?: string
  /** The host's own hostname, by which the tool knows that it already runs there. */
  machine?: string
  /** The one checkout there; else `releases` holds ENV/current for each environment. */
  directory?: string
  releases?: string
  /** The environment whose release the stack runs from. */
  stackEnvironment?: string
  /** Docker volume with the Postgres data. */
  volume?: string
  /** The stack that runs Postgres. */
  stack?: Stack
  /** Reached by ssh, or home of several environments: what is destroyed here is somebody else's too. */
  shared?: boolean
  cutover?: CutoverSettings
}

export type EngineName = 'docker' | 'swarm' | 'embedded' | 'native'

/** One directory of migrations, and what its database is called on an environment's server. */
export type ManagedDatabase = {
  /** Its name in the config, or its directory's in the store, as typed after `--db`. */
  name: string
  /** The name on the server, the environment's suffix included. */
  database: string
  /** Absolute path of the directory with the migration files. */
  directory: string
  /** dbmate's table of versions, optionally `schema.table`, as the config has it. */
  migrationsTable: string
  /** The session's search_path; its first schema holds the table of versions. */
  searchPath?: string
  /** Where the table of versions stands, or will: found on the server, once a run; absent until it was looked for. */
  versions?: VersionsTable
  /** Of one of a fleet; its `name` is FLEET/KEY. */
  member?: Member
}

/** One of many databases of one directory. */
export type Member = {
  fleet: string
  /** Its name as the query, the pattern or the list has it, without the environment's suffix. */
  key: string
  /** Whether it is made where the server does not have it. */
  create: boolean
}

/** Where the names of a fleet come from; `managed`: the database that is asked, as the config calls it. */
export type FleetSource =
  | { query: string; database: string; managed?: string }
  | { pattern: string }
  | { list: readonly string[] }

/** In which portions a fleet gets its files. */
export type Rollout = {
  /** How many go first: a failure there stops everything. */
  canary: number
  /** How many are locked at once. */
  wave: number
  /** So many that failed, and nothing new starts. */
  maxFailures: number
}

/** Many databases of one directory, whose names are data of somebody else. */
export type Fleet = {
  name: string
  /** What all its databases have in common. */
  common: Pick<ManagedDatabase, 'directory' | 'migrationsTable' | 'searchPath'>
  from: FleetSource
  /** Appended to a name to get the one on the server. */
  suffix: string
  create: boolean
  rollout: Rollout
  /** The names of `--db FLEET/NAME`; absent: all. */
  only?: readonly string[]
  /** Names on the server that are somebody else's: the config's own databases, and Postgres'. */
  taken: readonly string[]
  /** Suffixes of other environments here, by which a pattern tells their databases from its own. */
  otherSuffixes: readonly string[]
  /** How many of the environment's named databases come before it. */
  after: number
}

/** A name of a fleet that is none of its databases, and why. */
export type RefusedMember = { managed: ManagedDatabase; obstacle: Obstacle }

/** dbmate's table of versions, by its parts, unquoted. */
export type VersionsTable = { schema: string; table: string }

/** Why nothing can be done in a database; others are not concerned. */
export type Obstacle = { message: string; details: readonly string[]; hint: string }

/** What a run does about a state of the files or the database that may be a mistake. */
export type PolicyChoice = 'allow' | 'refuse'

/** What `up` tries first on a scratch server: nothing, the files on the schemas, or on the data too. */
export type Rehearsing = 'off' | 'schema' | 'data'

export type Policy = {
  /** A file older than the newest applied one. */
  outOfOrder: PolicyChoice
  /** An applied version without a file: an older checkout, or a deleted file. */
  missing: PolicyChoice
  /** An applied file whose text changed since. */
  edited: PolicyChoice
  /** What lint warns about in a file that is to run. */
  warnings: PolicyChoice
}

/** How a server has to show itself; nothing less is ever taken. */
export type TlsMode = 'disable' | 'require' | 'verify-ca' | 'verify-full'

/** A PEM file: where it stands, and what is in it. */
export type PemFile = { path: string; text: string }

export type Tls = {
  mode: TlsMode
  /** Whom to trust; absent: whom Node trusts. */
  ca?: PemFile
  cert?: PemFile
  key?: PemFile
}

/** Of a Postgres that is no container of this engine: a published port, another machine, a managed one. */
export type ServerAddress = {
  host: string
  port: number
  tls: Tls
  /** Image with pg_dump of its major; absent: `postgres:MAJOR`. */
  image?: string
  /** Its container on a node that is not asked, where `host` is a name that no shell can resolve. */
  inside?: { node: string; container: string }
}

export type Environment = {
  name: string
  host: Host
  engine: EngineName
  network: string
  /** Where Postgres is, when it is no container here, in words: `db.example.org:5432`, `the server of DATABASE_URL`. */
  server?: string
  /** Whether `up` needs a confirmation. */
  confirm: boolean
  policy: Policy
  /** What `up` does first where something is pending. */
  rehearse: Rehearsing
  /** Other environments whose policy refuses lint's warnings. */
  strictBeside?: readonly string[]
  /** DNS name of Postgres on the network: a compose service or an alias; absent: found by what runs there. */
  service?: string
  port: number
  user: string
  /** The database where locks are held, and where whatever concerns the whole server is asked. */
  maintenance: string
  /** A server that asks for no SCRAM is asked at its address too. */
  auth?: 'any'
  /** Seconds to wait for a Postgres that is starting. */
  wait: number
  /** Seconds a migration may wait for a lock. */
  lockTimeout: number
  databases: readonly ManagedDatabase[]
  /** Absent: none. Their databases are among `databases` once the server was asked. */
  fleets?: readonly Fleet[]
  /** What the server was asked for, and got no place among `databases`. */
  refused?: readonly RefusedMember[]
}

export type Credentials = { user: string; password: Secret }

/** Errors stop every run; whether warnings do is the environment's policy. */
export type ProblemLevel = 'error' | 'warning'

/** What is wrong with a file; `line` and `column` are 1-based, `rule` is what `lint --explain` knows. */
export type Problem = {
  rule: string
  level: ProblemLevel
  file: string
  line?: number
  column?: number
  message: string
}

/** One file of the store that carries a version. */
export type MigrationFile = {
  version: string
  file: string
  /** As the ledger keeps it; absent when the text cannot be read. */
  checksum?: string
  /** Everything on which dbmate would stop, or run and lose. */
  problems: readonly Problem[]
  /**
   * What is found and does not count in a run: warnings about tables that are empty here, and errors of the section that is
   * not run.
   */
  silent?: readonly Problem[]
  /** Absent when the problems left nothing to run. */
  migration?: Migration
}

/** One file of the store, parsed by dbmate's own rules. */
export type Migration = {
  version: string
  file: string
  /** The whole text, as dbmate reads it. */
  text: string
  /** From the `-- migrate:up` line up to the down marker: what dbmate sends as one query. */
  up: string
  /** 1-based line of `-- migrate:up` in the file; Postgres' positions count from it. */
  upLine: number
  down: string
  /** 1-based line of `-- migrate:down`. */
  downLine: number
  /** False under `transaction:false`, of the up and of the down section. */
  transaction: boolean
  downTransaction: boolean
  /** Why it must not be rolled back: `-- po-migrate:irreversible REASON`; perhaps empty. */
  irreversible?: string
  /** Why it cannot be tried without the rows: `-- po-migrate:needs-data REASON`; perhaps empty. */
  needsData?: string
}

export type Direction = 'up' | 'down'

/** One of the two halves of a migration: what dbmate sends as one query, where it begins, and how it runs. */
export type Section = { sql: string; line: number; transaction: boolean }

export type MigrationState = 'applied' | 'pending' | 'out-of-order' | 'missing-file' | 'edited'

/** A line of a database's history; `file` is null when the version has no file in this checkout. */
export type HistoryEntry = { version: string; file: string | null; state: MigrationState }

/** What a server says about one managed database. */
export type DatabaseReading = {
  exists: boolean
  /** Whether dbmate's table of versions is there. */
  tracked: boolean
  /** Why it can be neither read nor migrated. */
  obstacle?: Obstacle
  /** Ordinary and partitioned tables that are neither ours, nor dbmate's, nor an extension's. */
  tables: number
  /** Where those are. */
  schemas: readonly string[]
  applied: readonly string[]
  /** Of each version that the ledger knows as done: its file's checksum then. */
  checksums: ReadonlyMap<string, string>
  /** Checksums of every file that was ever begun here, also of those that failed. */
  attempted: ReadonlySet<string>
  /** An attempt's end is not written down: its run is at work, or died. */
  open: boolean
}

/** One managed database with everything a plan needs to know. */
export type DatabaseState = DatabaseReading & {
  managed: ManagedDatabase
  /** In dbmate's order. */
  files: readonly MigrationFile[]
  /** Names that look like migrations and that dbmate would skip. */
  strays: readonly Problem[]
}
