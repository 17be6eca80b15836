import { AppError, exitCodes } from '../../errors.ts'
import type { VolumeMade } from '../../model/cutover.ts'
import type { Stack } from '../../model/types.ts'
import { composeArguments, runCompose } from './compose.ts'
import type { DockerHost } from './host.ts'

/** What a stack is made of, by the names that Docker knows. */
export type ComposeParts = {
  images: readonly string[]
  /** What has to be there before the stack starts: `external: true`. All else is compose's own to make. */
  external: { networks: ReadonlySet<string>; volumes: ReadonlySet<string> }
  /** Volumes that compose makes itself, as it would make them. */
  own: ReadonlyMap<string, VolumeMade>
}

type Part = { name: string; external?: boolean; driver?: string; driver_opts?: Record<string, string> }
type Parts = Record<string, Part>
type Service = {
  image?: string
  environment?: Record<string, string | null>
  volumes?: { type: string; source?: string }[]
}
type Document = { networks?: Parts; volumes?: Parts; services?: Record<string, Service> }

export type StackOptions = { stack: Stack; passEnv: readonly string[] }

const externalOf = (parts: Parts = {}): Set<string> =>
  new Set(Object.values(parts).flatMap(({ name, external }) => (external ? name : [])))

/** By these labels compose knows a volume again as its own. */
const made = ({ project }: Stack, key: string, { driver = 'local', driver_opts = {} }: Part): VolumeMade => ({
  driver,
  options: driver_opts,
  labels: { 'com.docker.compose.project': project, 'com.docker.compose.volume': key },
})

/**
 * Asks compose, which resolves variables, projects and includes.
 * @throws AppError (exit 2) with compose's own words for a file that is not valid.
 */
const readDocument = async (host: DockerHost, { stack, passEnv }: StackOptions): Promise<Document> => {
  const args = composeArguments(stack, ['config', '--format', 'json'])
  const { exitCode, stdout, stderr } = await runCompose(host, args, { passEnv })
  if (exitCode !== 0)
    throw new AppError(`The compose file of ${stack.project} is not valid: ${stack.file}`, {
      exitCode: exitCodes.usage,
      details: stderr.trim().split('\n').slice(-5),
      hint: `correct it, then: docker compose --file ${stack.file} config --quiet`,
    })
  return JSON.parse(stdout)
}

/** @throws AppError (exit 2) for a file that is not valid. */
export const readComposeParts = async (host: DockerHost, options: StackOptions): Promise<ComposeParts> => {
  const { networks, volumes = {}, services = {} } = await readDocument(host, options)
  const { stack } = options
  return {
    images: Object.values(services).flatMap(({ image }) => image ?? []),
    external: { networks: externalOf(networks), volumes: externalOf(volumes) },
    own: new Map(
      Object.entries(volumes)
        .filter(([, { external }]) => !external)
        .map(([key, part]) => [part.name, made(stack, key, part)]),
    ),
  }
}

const usualService = 'postgres'

export type DatabaseService = {
  service: string
  image: string
  /** The database that an empty volume gets at its first start. */
  firstDatabase: string
}

const describeService = (
  { project }: Stack,
  service: string,
  { image, environment: { POSTGRES_DB, POSTGRES_USER } = {} }: Service,
): DatabaseService => ({
  service,
  // compose calls what it builds itself after the project.
  image: image ?? `${project}-${service}`,
  firstDatabase: POSTGRES_DB || POSTGRES_USER || 'postgres',
})

/**
 * The service of a stack that is Postgres, and its image: the one that is named, else `postgres`, else the one on the volume.
 * @throws AppError (exit 2) when the stack has no such service.
 */
export const readDatabaseService = async (
  host: DockerHost,
  {
    service,
    volume,
    ...options
  }: StackOptions & { service?: string | undefined; volume?: string | undefined },
): Promise<DatabaseService> => {
  const { volumes = {}, services = {} } = await readDocument(host, options)
  const { stack } = options
  const isOn = ({ volumes: mounts = [] }: Service): boolean =>
    mounts.some(({ type, source = '' }) => type === 'volume' && volumes[source]?.name === volume)
  const names = service === undefined ? [usualService, ...Object.keys(services)] : [service]
  const name = names.find((one) => services[one] && (one === names[0] || isOn(services[one])))
  if (name !== undefined) return describeService(stack, name, services[name] ?? {})
  throw new AppError(
    service === undefined
      ? `${stack.file} does not tell which service is Postgres.`
      : `${stack.file} has no service "${service}".`,
    {
      exitCode: exitCodes.usage,
      details: [`it has: ${Object.keys(services).join(', ') || 'none'}`],
      hint: 'set service: of the environment to one of them',
    },
  )
}
