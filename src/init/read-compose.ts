import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { findComposeProject } from '../config/compose-project.ts'
import type { Variables } from '../config/load.ts'
import { type ComposeConfig, type ComposeService, readComposeConfig } from '../io/docker/compose-config.ts'
import type { Shell } from '../io/host/shell.ts'
import { Secret } from '../model/secret.ts'
import { findEnvFiles } from './env-files.ts'
import { findKey } from './find-key.ts'
import { type ImageSettings, readImageSettings } from './image-variables.ts'
import { isPostgres } from './is-postgres.ts'
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

/** The image's own entrypoint cuts line ends too. */
const readSecret = (file: string): string | undefined =>
  existsSync(file) ? readFileSync(file, 'utf8').replace(lineEnds, '') : undefined

const placeOf = (
  { password, passwordFile, trusts }: ImageSettings,
  service: ComposeService,
  reading: Reading,
): PasswordPlace => {
  const { root, directory, files, env } = reading
  if (password) {
    const candidates = [...findEnvFiles(reading, env), join(root, '.env')]
    const found = findKey(password, candidates, env)
    if (found) return { kind: 'key', file: relative(root, found.file), key: found.key }
    return { kind: 'text', from: relative(root, files[0] ?? directory), value: new Secret(password) }
  }
  const secret = passwordFile ? secretOf(passwordFile, service, reading) : undefined
  const value = secret && readSecret(secret)
  if (secret && value) return { kind: 'whole', file: relative(root, secret) }
  return trusts ? { kind: 'trust' } : { kind: 'unknown' }
}

const networkOf = ({ networks, network_mode }: ComposeService, config: ComposeConfig): string | undefined => {
  if (network_mode) return undefined
  const [first = 'default'] = Object.keys(networks ?? {})
  return config.networks?.[first]?.name
}

const toServer = (name: string, service: ComposeService, reading: Reading): FoundServer => {
  const settings = readImageSettings(service.environment ?? {}, (path) => {
    const secret = secretOf(path, service, reading)
    return secret && readSecret(secret)
  })
  const { user, database, port } = settings
  return {
    service: name,
    network: networkOf(service, reading.config),
    user,
    database,
    port,
    published: (service.ports ?? []).flatMap(({ published }) => (published ? Number(published) : [])),
    password: placeOf(settings, service, reading),
  }
}

export type ComposeReading = { facts?: ComposeFacts; notes: string[] }

/** What the compose project in or around a directory says of its Postgres; the service that a URL names as its host is one. */
export const readCompose = async (
  root: string,
  { shell, env, host }: { shell: Shell; env: Variables; host: string | undefined },
): Promise<ComposeReading> => {
  const own = findComposeProject(root, env)
  const [other] = own ? [] : findOthers(root)
  if (!own && other === undefined) return { notes: [] }
  const { directory, files } = own ?? { directory: dirname(other ?? root), files: [other ?? ''] }
  const file = relative(root, files[0] ?? '')
  const config = await readComposeConfig(shell, { directory, files, env })
  if (typeof config === 'string') return { notes: [`${file} could not be read: ${config}`] }
  const services = Object.entries(config.services ?? {}).filter(
    ([name, service]) => name === host || isPostgres(service),
  )
  const reading = { root, directory, files, config, env }
  const servers = services.map(([name, service]) => toServer(name, service, reading))
  return { facts: { file, project: config.name, servers }, notes: [] }
}
