import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { parse } from 'yaml'
import { findComposeProject } from '../config/compose-project.ts'
import type { Variables } from '../config/load.ts'
import { type ComposeConfig, type ComposeService, readComposeConfig } from '../io/docker/compose-config.ts'
import type { Shell } from '../io/host/shell.ts'
import { Secret } from '../model/secret.ts'
import { findKey } from './find-key.ts'
import type { ComposeFacts, FoundServer, PasswordPlace } from './plan/facts.ts'

const lineEnds = /\n+$/

const otherNames = /^(?:docker-)?compose[.-][\w.-]*ya?ml$/
const places = ['.', 'infrastructure', 'infrastructure/compose', 'docker', 'deploy', 'compose']

/** Compose files that compose would have to be told of. */
const findOthers = (root: string): string[] =>
  places
    .map((place) => join(root, place))
    .filter(existsSync)
    .flatMap((directory) =>
      readdirSync(directory)
        .filter((name) => otherNames.test(name) && !name.includes('override'))
        .map((name) => join(directory, name)),
    )

const isServer =
  /(?:^|[/_-])(?:postgres(?:ql)?|postgis|pgvector|timescaledb(?:-ha)?|paradedb|pg)(?:[:@_-]|$)/i
const beside = /exporter|bouncer|pgpool|pgcat|rest|admin|backup|dump|meta|proxy/i
const dataDirectory = /^\/var\/lib\/postgresql(?:\/|$)|^\/bitnami\/postgresql/

const isPostgres = ({ image = '', volumes = [] }: ComposeService): boolean =>
  volumes.some(({ target }) => dataDirectory.test(target)) || (isServer.test(image) && !beside.test(image))

type RawService = { env_file?: unknown }

/** `env_file:` as written: what compose resolves tells the values alone. */
const envFilesOf = (service: string, files: readonly string[], directory: string): string[] =>
  files.flatMap((file) => {
    const { services } = (parse(readFileSync(file, 'utf8')) ?? {}) as {
      services?: Record<string, RawService>
    }
    return [services?.[service]?.env_file ?? []]
      .flat()
      .map((entry) => (typeof entry === 'string' ? entry : (entry as { path?: string } | null)?.path))
      .flatMap((path) => (path ? resolve(directory, path) : []))
  })

type Reading = {
  root: string
  directory: string
  files: readonly string[]
  config: ComposeConfig
  env: Variables
}

const secretOf = (
  path: string,
  { secrets = [] }: ComposeService,
  { config }: Reading,
): string | undefined => {
  const name = path.split('/').at(-1)
  const used = secrets.find(({ source, target }) => (target ?? source).split('/').at(-1) === name)
  return used && config.secrets?.[used.source]?.file
}

const placeOf = (name: string, service: ComposeService, reading: Reading): PasswordPlace => {
  const { root, directory, files, env } = reading
  const {
    POSTGRES_PASSWORD: value,
    POSTGRES_PASSWORD_FILE: path,
    POSTGRES_HOST_AUTH_METHOD: method,
  } = service.environment ?? {}
  if (value) {
    const candidates = [...envFilesOf(name, files, directory), join(directory, '.env'), join(root, '.env')]
    const found = findKey(value, candidates, env)
    if (found) return { kind: 'key', file: relative(root, found.file), key: found.key }
    return { kind: 'text', from: relative(root, files[0] ?? directory), value: new Secret(value) }
  }
  const secret = path ? secretOf(path, service, reading) : undefined
  if (secret && existsSync(secret))
    // The image's own entrypoint cuts line ends too.
    return {
      kind: 'text',
      from: relative(root, secret),
      value: new Secret(readFileSync(secret, 'utf8').replace(lineEnds, '')),
    }
  return method === 'trust' ? { kind: 'trust' } : { kind: 'unknown' }
}

const networkOf = ({ networks, network_mode }: ComposeService, config: ComposeConfig): string | undefined => {
  if (network_mode) return undefined
  const [first = 'default'] = Object.keys(networks ?? {})
  return config.networks?.[first]?.name
}

const toServer = (name: string, service: ComposeService, reading: Reading): FoundServer => {
  const { POSTGRES_USER, POSTGRES_DB, PGPORT } = service.environment ?? {}
  const user = POSTGRES_USER || 'postgres'
  return {
    service: name,
    network: networkOf(service, reading.config),
    user,
    database: POSTGRES_DB || user,
    port: Number(PGPORT) || 5432,
    published: (service.ports ?? []).flatMap(({ published }) => (published ? Number(published) : [])),
    password: placeOf(name, service, reading),
  }
}

export type ComposeReading = { facts?: ComposeFacts; notes: string[] }

/** What the compose project in or around a directory says of its Postgres. */
export const readCompose = async (
  root: string,
  { shell, env }: { shell: Shell; env: Variables },
): Promise<ComposeReading> => {
  const own = findComposeProject(root, env)
  const [other] = own ? [] : findOthers(root)
  if (!own && other === undefined) return { notes: [] }
  const { directory, files } = own ?? { directory: dirname(other ?? root), files: [other ?? ''] }
  const file = relative(root, files[0] ?? '')
  const config = await readComposeConfig(shell, { directory, files, env })
  if (typeof config === 'string') return { notes: [`${file} could not be read: ${config}`] }
  const services = Object.entries(config.services ?? {}).filter(([, service]) => isPostgres(service))
  const reading = { root, directory, files, config, env }
  const servers = services.map(([name, service]) => toServer(name, service, reading))
  const notes = servers.length === 0 ? [`${file} has no service that is a Postgres`] : []
  return { facts: { file, project: config.name, servers }, notes }
}
