import * as z from 'zod'
import { mostConnections } from '../model/few-sessions.ts'
import { nearest } from '../model/nearest.ts'
import { defaultMaintenance } from '../model/sql.ts'
import { reservedNames } from '../model/state.ts'
import { fleetKeys, refuseMixed } from './fleet-schema.ts'
import { serverSchema } from './server-schema.ts'

/** This machine, where an environment names no host. */
export const localHost = 'local'
/** The network that compose makes for a project where its file says nothing else. */
export const composeDefault = 'default'

/** dbmate 2.36.0 is what the tool is tested with: ADR 0005. */
const dbmateImage = 'amacneil/dbmate:2.36.0'

const name = z.string().regex(/^[a-z0-9][a-z0-9_-]*$/i, 'letters, digits, "_" and "-" only')
const reference = z.string().min(1)
/** Of a network, a volume or a container, as Docker takes it. */
const dockerName = z.string().regex(/^[a-z0-9][a-z0-9_.-]*$/i, 'letters, digits, "_", "." and "-" only')
const digits = /^\d+$/
/** A whole number, also where `${NAME:-5432}` made text of it. */
const whole = (minimum: number, maximum: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' && digits.test(value) ? Number(value) : value),
    z.int().min(minimum).max(maximum),
  )

const envFile = z.union([
  reference,
  z.strictObject({
    path: reference,
    required: z.boolean().default(true),
    format: z
      .enum(['raw', 'value'])
      .optional()
      .describe(
        'raw: as docker run takes it, nothing quoted, nothing replaced; value: the whole file is the value, as of a secret that is mounted, without a newline at its end',
      ),
  }),
])

const password = z
  .strictObject({
    env_file: z
      .union([envFile, z.array(envFile).min(1)])
      .describe("The env file(s) of the Postgres container, in compose's own syntax; read by compose's rules")
      .meta({ examples: ['.env'] }),
    key: name
      .default('POSTGRES_PASSWORD')
      .describe('The variable that holds the password, or a postgres:// URL with it'),
  })
  .describe('Where the password of the Postgres user comes from')
  .meta({ examples: [{ env_file: '.env' }] })

const stack = z
  .strictObject({
    file: reference.describe('Compose file, relative to this file').meta({ examples: ['compose.yaml'] }),
    project: name.describe('Compose project name').meta({ examples: ['shop'] }),
  })
  .describe('A compose project')

const cutover = z
  .strictObject({
    stacks: z.array(stack).default([]).describe('Application stacks, stopped for it and started again'),
    abort_window: whole(0, 3600)
      .optional()
      .describe(
        'Makes the cutover a reset: seconds in which Ctrl-C keeps everything, instead of a confirmation; nothing is backed up or carried over',
      ),
    retain: whole(1, 100)
      .default(1)
      .describe('Copies of the volume that a successful cutover leaves, its own included'),
    checkouts: z
      .record(name, reference)
      .default({})
      .describe(
        'Environment and the checkout whose migrations it gets; left out: its release on the host, or else this checkout',
      ),
  })
  .describe('What `cutover HOST` stops, wipes and starts again')

const host = z
  .strictObject({
    ssh: z
      .string()
      .regex(/^[^\s-]\S*$/, 'an ssh destination: user@host, ssh://user@host:port or a name of ~/.ssh/config')
      .optional()
      .describe('ssh destination; leave out when the host is this machine')
      .meta({ examples: ['deploy@example.org'] }),
    machine: reference.optional().describe("The host's hostname: there, verbs run in place"),
    releases: reference
      .default('/srv/po-migrate')
      .describe('Directory on the host with ENV/current for each environment; there verbs run over ssh'),
    directory: z
      .string()
      .optional()
      .describe('One checkout on the host for every environment, instead of releases'),
    stack_environment: name
      .optional()
      .describe("With releases: the environment whose release the host's own stack runs from"),
    volume: dockerName.optional().describe('Docker volume with the Postgres data'),
    stack: stack.optional().describe('The stack that runs Postgres on this host'),
    cutover: cutover.optional(),
  })
  .refine((value) => !value.cutover || (value.volume && value.stack), {
    path: ['cutover'],
    message:
      'needs the volume and the stack of the host; write volume: NAME and stack: { file: FILE, project: NAME }',
  })
  .refine(({ ssh, machine }) => !ssh || machine, {
    path: ['machine'],
    message:
      'is needed with ssh, so that the tool knows when it already runs there; write what hostname answers there',
  })
  .describe('A machine with a Docker engine')

/** A host that nothing is said of. */
export const plainHost = host.parse({})

const choice = z.enum(['allow', 'refuse']).default('refuse')

const policy = z
  .strictObject({
    out_of_order: choice.describe('A file older than the newest applied one'),
    missing: choice.describe('An applied version without a file: an older checkout, or a deleted file'),
    edited: choice.describe('An applied file whose text changed since'),
    warnings: z
      .enum(['allow', 'refuse'])
      .optional()
      .describe(
        'What lint warns about in a file that is to run; left out: refuse where `confirm: true` or the host is shared (by ssh, or by several environments), else allow',
      ),
  })
  .prefault({})
  .describe('What a run does where something may be a mistake; a flag of `up` lifts each refusal')

const environment = z
  .strictObject({
    host: name.optional().describe('One of hosts; left out: this machine, called `local`'),
    engine: z
      .enum(['docker', 'swarm', 'embedded', 'native'])
      .default('docker')
      .describe(
        'What runs dbmate: docker, a container; swarm, a container on the manager that is asked, against a service; embedded, with a Postgres of its own, for trials; native, a process of this machine, against `server:`',
      ),
    network: dockerName
      .optional()
      .describe(
        "Docker network on which Postgres answers; left out: the compose project's own, as compose names it, or the swarm service's; with `server:` the one from which dbmate reaches it",
      )
      .meta({ examples: ['shop_default'] }),
    suffix: z
      .string()
      .regex(/^[a-z0-9_-]*$/i, 'letters, digits, "_" and "-" only')
      .default('')
      .describe("Appended to a database's name to get the one on the server")
      .meta({ examples: ['_qual'] }),
    password: password.optional(),
    confirm: z.boolean().default(false).describe('Ask before anything is applied'),
    policy,
    rehearse: z
      .enum(['off', 'schema', 'data'])
      .optional()
      .describe(
        'What `up` applies the files to first, on a scratch server: copies of the schemas, or of the data too; left out: schema where `confirm: true` or the host is shared (by ssh, or by several environments), else off',
      ),
    server: serverSchema(password, whole(1, 65535)).optional(),
    service: dockerName
      .optional()
      .describe(
        'DNS name of Postgres on the network; left out: `postgres`, else the one Postgres that runs there; with `engine: swarm` the service, by its name in the swarm or in its stack',
      )
      .meta({ examples: ['db'] }),
    port: whole(1, 65535).default(5432).describe('Port on which it listens there'),
    user: reference.default('postgres').describe('The Postgres user that migrates'),
    maintenance: reference
      .default(defaultMaintenance)
      .describe(
        'Database where locks are held and the whole server is asked; another one where `postgres` is closed',
      )
      .meta({ examples: ['admin'] }),
    auth: z
      .enum(['scram', 'any'])
      .default('scram')
      .describe(
        'any: also a server that asks for an md5, for the password itself or for none is asked at its address; else it is asked through docker exec',
      ),
    lock_timeout: whole(0, 3600)
      .default(5)
      .describe(
        'Seconds a migration may wait for a lock; CREATE INDEX CONCURRENTLY gets twelve times that; 0: for ever',
      ),
    wait: whole(0, 3600).default(60).describe('Seconds to wait for a Postgres that is starting'),
  })
  .superRefine((value, context) => {
    if (value.engine === 'embedded' && value.server)
      context.addIssue({
        code: 'custom',
        path: ['server'],
        message: 'is nothing that the embedded engine knows; leave it out',
      })
    if (value.engine === 'native' && !value.server)
      context.addIssue({
        code: 'custom',
        path: ['server'],
        message: 'is needed by the native engine; write e.g. server: { url_env: DATABASE_URL }',
      })
    if (value.engine === 'swarm' && !value.server && !value.service)
      context.addIssue({
        code: 'custom',
        path: ['service'],
        message: 'is needed by the swarm engine, or server; write e.g. service: shop_postgres',
      })
    const asksPassword = value.engine === 'docker' || value.engine === 'swarm'
    if (asksPassword && !value.server && !value.password)
      context.addIssue({
        code: 'custom',
        path: ['password'],
        message: `is needed by the ${value.engine} engine; write e.g. password: { env_file: .env }`,
      })
  })
  .describe('One set of managed databases on one server')
  .meta({ examples: [{ password: { env_file: '.env' } }] })

const database = z
  .strictObject({
    directory: reference
      .optional()
      .describe('Where its files are, relative to this file; left out: its own name in the store')
      .meta({ examples: ['db/migrations'] }),
    database: z
      .string()
      .regex(/^[^\p{Cc}]+$/u, 'a name without control characters')
      .optional()
      .describe('Its name on the server, before the suffix; left out: its name here')
      .meta({ examples: ['shop_main'] }),
    suffix: z
      .boolean()
      .default(true)
      .describe("Whether the environment's suffix applies; false: one name in every environment"),
    migrations_table: z
      .string()
      .regex(/^[^\r\n.]+(\.[^\r\n.]+)?$/, 'TABLE or SCHEMA.TABLE: dbmate can name none with another dot')
      .default('schema_migrations')
      .describe("dbmate's table of versions, or schema.table"),
    search_path: reference
      .optional()
      .describe('search_path of the session; its first schema holds the table'),
    ...fleetKeys(whole),
  })
  .superRefine(refuseMixed)
  .describe(
    'One database: a directory of migrations, and its name on the server; with `from:` a fleet of many databases',
  )

const strayGlobs = ['**/migrations/**/*.sql']

/** YAML reads `00012` as a number. */
const version = z.union([z.string().regex(/^\d+$/, 'a version: digits'), z.int().min(0)])

const lint = z
  .strictObject({
    stray: z
      .array(reference)
      .default(strayGlobs)
      .describe('Globs below the repository; what they find outside the store is a stray migration'),
    since: z
      .union([version, z.record(name, version)])
      .optional()
      .describe(
        'Version, or one for each database, from which on files are new: those before it are history, whose tables are in use and have rows; left out, all files are taken for one run on an empty database',
      ),
  })
  .default({ stray: strayGlobs })
  .describe('What `po-migrate lint` looks for beside the migration files')

const suggestHost = (host: string, known: readonly string[]): string => {
  const close = nearest(host, known)
  const names = `known: ${known.join(', ') || 'none'}`
  return close ? `${names}; write host: ${close}` : `${names}; leave host: out where it is this machine`
}

/** migrate.yaml, as written: the one schema behind the loader, the editors' JSON Schema and the docs. */
export const configSchema = z
  .strictObject({
    project: name
      .refine((value) => !reservedNames.has(value), 'is the name of a directory that older releases use')
      .optional()
      .describe(
        'Name of this project, by which its journals, backups and data are told from those of others on the same host; needed where `state:` is set or the host has `ssh:`',
      ),
    state: z
      .string()
      .optional()
      .describe(
        'Directory for locks, journals and data; default /var/lib/po-migrate, on a laptop the XDG state directory',
      ),
    migrations: reference.default('migrations').describe('The migration store: one directory a database'),
    dbmate: z
      .strictObject({
        image: reference.default(dbmateImage).describe('Image with a tag'),
        digest: z
          .string()
          .regex(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 hex digits')
          .optional()
          .describe('Pins the exact image'),
        binary: reference
          .optional()
          .describe(
            "dbmate's program for `engine: native`, relative to this file, of the version that the image's tag says; left out: `dbmate` of the PATH",
          )
          .meta({ examples: ['node_modules/@dbmate/linux-x64/bin/dbmate'] }),
      })
      .prefault({}),
    compose: z
      .strictObject({
        pass_env: z
          .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*\*?$/, 'a variable name, or a prefix and "*"'))
          .default([])
          .describe('Variables of the shell that compose files may interpolate; nothing else is passed on'),
      })
      .default({ pass_env: [] }),
    lint,
    retain: z
      .strictObject({
        backups: whole(1, 10_000)
          .default(7)
          .describe(
            'Newest backups of an environment that are kept; older ones go after the next good one, but for the last of a database',
          ),
        replaced: whole(0, 10_000)
          .default(1)
          .describe('Databases that a restore replaced, kept as NAME_before_RUN, of each name'),
      })
      .default({ backups: 7, replaced: 1 })
      .describe('What is kept of backups and restores'),
    after_backup: z
      .union([reference, z.array(reference).min(1)])
      .optional()
      .describe(
        "What `backup` runs when a backup is kept, with its directory as the last argument: a line for sh, or a command's words; where this file stands",
      ),
    connections: whole(4, mostConnections)
      .default(8)
      .describe(
        'Sessions that a run has open on a server at once: those that read, that of its lock, and that of dbmate',
      ),
    hosts: z.record(name, host).default({}),
    environments: z
      .record(name, environment)
      .meta({ examples: [{ dev: { password: { env_file: '.env' } } }] }),
    databases: z
      .record(
        name,
        database.nullable().transform((value) => value ?? database.parse({})),
      )
      .optional()
      .describe('The managed databases; left out, every directory of the store is one'),
  })
  .superRefine(({ databases = {} }, context) => {
    for (const [key, { from }] of Object.entries(databases))
      if (from?.database !== undefined && databases[from.database]?.from)
        context.addIssue({
          code: 'custom',
          path: ['databases', key, 'from', 'database'],
          message: `${from.database} is a fleet itself; name one database`,
        })
  })
  .superRefine(({ hosts, environments }, context) => {
    const known = Object.keys(hosts)
    const refuse = (path: string[], message: string): void =>
      context.addIssue({ code: 'custom', path: ['environments', ...path], message })
    for (const [key, { host = localHost, network, engine, server }] of Object.entries(environments)) {
      if (engine === 'embedded') continue
      const { ssh, stack } = hosts[host] ?? {}
      if (host !== localHost && !hosts[host])
        refuse([key, 'host'], `unknown host "${host}"; ${suggestHost(host, known)}`)
      else if (
        engine !== 'swarm' &&
        ssh &&
        (network ?? composeDefault) === composeDefault &&
        !stack &&
        !server
      )
        refuse(
          [key, 'network'],
          `is needed on a host that is reached by ssh: "${composeDefault}" is derived from a compose project here; write e.g. network: shop_default`,
        )
    }
  })

export type ConfigFile = z.output<typeof configSchema>
