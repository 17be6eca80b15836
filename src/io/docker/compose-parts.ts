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
  /** By service, the database that the official image makes at its first start beside `postgres`. */
  firstDatabases: ReadonlyMap<string, string>
}

type Part = { name: string; external?: boolean; driver?: string; driver_opts?: Record<string, string> }
type Parts = Record<string, Part>
type Service = { image?: string; environment?: Record<string, string | null> }
type Document = { networks?: Parts; volumes?: Parts; services?: Record<string, Service> }

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
export const readComposeParts = async (
  host: DockerHost,
  { stack, passEnv }: { stack: Stack; passEnv: readonly string[] },
): Promise<ComposeParts> => {
  const args = composeArguments(stack, ['config', '--format', 'json'])
  const { exitCode, stdout, stderr } = await runCompose(host, args, { passEnv })
  if (exitCode !== 0)
    throw new AppError(`The compose file of ${stack.project} is not valid: ${stack.file}`, {
      exitCode: exitCodes.usage,
      details: stderr.trim().split('\n').slice(-5),
      hint: `correct it, then: docker compose --file ${stack.file} config --quiet`,
    })
  const { networks, volumes = {}, services = {} } = JSON.parse(stdout) as Document
  return {
    images: Object.values(services).flatMap(({ image }) => image ?? []),
    external: { networks: externalOf(networks), volumes: externalOf(volumes) },
    own: new Map(
      Object.entries(volumes)
        .filter(([, { external }]) => !external)
        .map(([key, part]) => [part.name, made(stack, key, part)]),
    ),
    firstDatabases: new Map(
      Object.entries(services).map(([service, { environment: { POSTGRES_DB, POSTGRES_USER } = {} }]) => [
        service,
        POSTGRES_DB || POSTGRES_USER || 'postgres',
      ]),
    ),
  }
}
