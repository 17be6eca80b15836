import { AppError, exitCodes } from '../../errors.ts'
import type { VolumeMade } from '../../model/cutover.ts'
import type { Stack } from '../../model/types.ts'
import { composeArguments, runCompose } from './compose.ts'
import { parseComposeConfig } from './compose-config.ts'
import type { DockerHost } from './host.ts'
import { composeLabels } from './labels.ts'

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
type Mount = { type: string; source?: string; target: string }
type Service = { image?: string; environment?: Record<string, string | null>; volumes?: Mount[] }
type Document = { networks?: Parts; volumes?: Parts; services?: Record<string, Service> }

export type StackOptions = { stack: Stack; passEnv: readonly string[] }

const externalOf = (parts: Parts = {}): Set<string> =>
  new Set(Object.values(parts).flatMap(({ name, external }) => (external ? name : [])))

/** By these labels compose knows a volume again as its own. */
const made = ({ project }: Stack, key: string, { driver = 'local', driver_opts = {} }: Part): VolumeMade => ({
  driver,
  options: driver_opts,
  labels: { [composeLabels.project]: project, [composeLabels.volume]: key },
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
  return parseComposeConfig(stdout) as Document
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

/** A service that runs Postgres as the official image does. */
export type DatabaseService = {
  service: string
  image: string
  /** The database that an empty volume gets at its first start. */
  firstDatabase: string
  /** Its data directory, where the file names one. */
  pgdata: string | undefined
  /** Volumes by the names that Docker knows. */
  mounts: readonly { volume: string; target: string }[]
}

const describeService = (
  { project }: Stack,
  service: string,
  { volumes: known = {}, services = {} }: Document,
): DatabaseService => {
  const { image, environment = {}, volumes = [] } = services[service] ?? {}
  const { POSTGRES_DB, POSTGRES_USER, PGDATA } = environment
  return {
    service,
    // compose calls what it builds itself after the project.
    image: image ?? `${project}-${service}`,
    firstDatabase: POSTGRES_DB || POSTGRES_USER || 'postgres',
    pgdata: PGDATA || undefined,
    mounts: volumes
      .filter(({ type }) => type === 'volume')
      .map(({ source = '', target }) => ({ volume: known[source]?.name ?? source, target })),
  }
}

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
  const document = await readDocument(host, options)
  const { services = {} } = document
  const { stack } = options
  const known = Object.keys(services).map((name) => describeService(stack, name, document))
  const wanted = service ?? usualService
  const isOn = ({ mounts }: DatabaseService): boolean => mounts.some((mount) => mount.volume === volume)
  const found =
    known.find((one) => one.service === wanted) ?? (service === undefined ? known.find(isOn) : undefined)
  if (found) return found
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
