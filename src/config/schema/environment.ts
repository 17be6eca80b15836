import * as z from 'zod'
import { defaultMaintenance } from '../../model/sql.ts'
import { password } from './password.ts'
import { server } from './server.ts'
import { dockerName, name, text, whole } from './values.ts'

/** The network that compose makes for a project where its file says nothing else. */
export const composeDefault = 'default'

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

type Entry = { engine: string; server?: unknown; service?: string | undefined; password?: unknown }

/** What an engine cannot do without, or knows nothing of. */
const refuseMissing = ({ engine, server, service, password }: Entry, context: z.RefinementCtx): void => {
  const refuse = (key: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [key], message })
  if (engine === 'embedded' && server)
    refuse('server', 'is nothing that the embedded engine knows; leave it out')
  if (engine === 'native' && !server)
    refuse('server', 'is needed by the native engine; write e.g. server: { url_env: DATABASE_URL }')
  if (engine === 'swarm' && !server && !service)
    refuse('service', 'is needed by the swarm engine, or server; write e.g. service: shop_postgres')
  const asksPassword = engine === 'docker' || engine === 'swarm'
  if (asksPassword && !server && !password)
    refuse('password', `is needed by the ${engine} engine; write e.g. password: { env_file: .env }`)
}

export const environment = z
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
    server: server.optional(),
    service: dockerName
      .optional()
      .describe(
        'DNS name of Postgres on the network; left out: `postgres`, else the one Postgres that runs there; with `engine: swarm` the service, by its name in the swarm or in its stack',
      )
      .meta({ examples: ['db'] }),
    port: whole(1, 65535).default(5432).describe('Port on which it listens there'),
    user: text.default('postgres').describe('The Postgres user that migrates'),
    maintenance: text
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
  .superRefine(refuseMissing)
  .describe('One set of managed databases on one server')
  .meta({ examples: [{ password: { env_file: '.env' } }] })
