import { dbmateImage } from '../config/resolve.ts'
import { AppError, exitCodes, usageError } from '../errors.ts'
import { readMigrations } from '../io/dbmate/files.ts'
import { checkStack } from '../io/docker/compose.ts'
import { readDatabaseService } from '../io/docker/compose-parts.ts'
import { hasImage } from '../io/docker/image.ts'
import { readReferrers } from '../io/docker/volume.ts'
import { absent } from '../io/postgres/read-database.ts'
import { loadLinter } from '../lint/linter.ts'
import type { KeptContainer } from '../model/cutover.ts'
import { defaultMaintenance } from '../model/sql.ts'
import { planUp } from '../plan/up.ts'
import { lintUnapplied } from '../run/lint-unapplied.ts'
import type { ServerSide } from './server-side.ts'
import type { CutoverTools } from './tools.ts'

type Preflight = Pick<CutoverTools, 'docker' | 'host' | 'passEnv' | 'servers'> & {
  environments: readonly string[]
  containers: readonly KeptContainer[]
}

const checkStacks = async ({ docker, host, passEnv }: Preflight): Promise<void> => {
  await checkStack(docker, { stack: host.stack, passEnv, names: true })
  for (const stack of host.cutover.stacks) await checkStack(docker, { stack, passEnv, names: false })
}

const missing = (image: string, why: string): AppError =>
  new AppError(`The image ${image} is not on this machine: ${why}.`, {
    exitCode: exitCodes.unreachable,
    hint: `docker pull ${image}`,
  })

/** Everything that has to start afterwards; a registry that fails in between would leave the platform down. */
const checkImages = async (preflight: Preflight): Promise<void> => {
  const { docker, host, passEnv, servers, environments, containers } = preflight
  for (const name of environments) {
    const { config, environment } = servers.supplied(name)
    const reference = dbmateImage(config)
    if (!(await hasImage(docker.client, reference))) throw missing(reference, 'dbmate runs in it')
    const { stack, volume } = host
    const { service } = environment
    const { image } = await readDatabaseService(docker, { stack, passEnv, service, volume })
    if (!(await hasImage(docker.client, image))) throw missing(image, 'Postgres starts from it')
  }
  for (const { name, image } of containers)
    if (!(await hasImage(docker.client, image))) throw missing(image, `${name} starts from it`)
}

/** @throws AppError (exit 4) while any container outside the database's stack refers to the volume. */
const checkVolume = async ({ docker, host }: Pick<Preflight, 'docker' | 'host'>): Promise<void> => {
  const others = await readReferrers(docker.client, host.volume, host.stack.project)
  if (others.length === 0) return
  const names = others.map(({ Names, Id }) => Names[0]?.slice(1) ?? Id.slice(0, 12))
  throw new AppError(`The volume ${host.volume} is used by ${names.join(', ')} too.`, {
    exitCode: exitCodes.refused,
    details: ['It cannot be wiped from under a container, running or not.'],
    hint: `docker rm --force ${names.join(' ')}`,
  })
}

/** Locks live there while the databases are made anew. @throws AppError (exit 2) when a new server would not have it. */
const checkMaintenance = async ({
  docker,
  host,
  passEnv,
  servers,
  environments,
}: Preflight): Promise<void> => {
  const asked = environments.map((name) => servers.supplied(name).environment)
  const others = asked.filter(({ maintenance }) => maintenance !== defaultMaintenance)
  const { stack, volume } = host
  for (const { name, maintenance, service } of others) {
    const found = await readDatabaseService(docker, { stack, passEnv, service, volume })
    if (found.firstDatabase !== maintenance)
      throw usageError(
        `A new server would not have the database ${maintenance}, where the locks of ${name} are.`,
        `set POSTGRES_DB=${maintenance} for ${found.service} in ${stack.file}, or leave maintenance: out`,
      )
  }
}

/** What an empty server will get. @throws AppError (exit 2) for files that are not fit to run. */
const checkFiles = async (servers: ServerSide, name: string): Promise<void> => {
  const { environment } = servers.supplied(name)
  const databases = environment.databases.map((managed) => ({
    managed,
    ...readMigrations(managed),
    ...absent,
  }))
  planUp({ environment, databases: await lintUnapplied(databases, loadLinter), missingImage: undefined })
}

/**
 * Whatever has to be there to succeed afterwards.
 * @throws AppError: exit 2 compose or migration files, 4 the volume is used by others, 6 an image is missing.
 */
export const checkCutover = async (preflight: Preflight): Promise<void> => {
  for (const name of preflight.environments) await checkFiles(preflight.servers, name)
  await checkStacks(preflight)
  await checkMaintenance(preflight)
  await checkVolume(preflight)
  await checkImages(preflight)
}

/**
 * The same of an undoing, which needs no migration: that the database's stack can start, on the image of what comes back.
 * @throws AppError: exit 2 the compose file, 4 the volume is used by others, 6 the image is missing.
 */
export const checkUndo = async (
  tools: Pick<Preflight, 'docker' | 'host' | 'passEnv'>,
  image: string | undefined,
): Promise<void> => {
  await checkStack(tools.docker, { stack: tools.host.stack, passEnv: tools.passEnv, names: true })
  await checkVolume(tools)
  if (image === undefined || (await hasImage(tools.docker.client, image))) return
  throw new AppError(`The image ${image}, on which Postgres ran, is not on this machine any more.`, {
    exitCode: exitCodes.unreachable,
    details: ['Pull the tag that had this id, or load it.'],
    hint: 'docker image ls --all --no-trunc',
  })
}
