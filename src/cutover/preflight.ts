import { posix } from 'node:path'
import type { ContainerInfo } from 'dockerode'
import { dbmateImage } from '../config/resolve.ts'
import { AppError, exitCodes, usageError } from '../errors.ts'
import { readMigrations } from '../io/dbmate/files.ts'
import { checkStack } from '../io/docker/compose.ts'
import { type DatabaseService, readDatabaseService } from '../io/docker/compose-parts.ts'
import { declaredVolumes, hasImage, readImageVariable } from '../io/docker/image.ts'
import { composeLabels } from '../io/docker/labels.ts'
import { isRunning, nameOf } from '../io/docker/network-contents.ts'
import { readReferrers } from '../io/docker/volume.ts'
import { absent } from '../io/postgres/read-database.ts'
import { loadLinter } from '../lint/linter.ts'
import type { KeptContainer } from '../model/cutover.ts'
import { defaultMaintenance } from '../model/sql.ts'
import type { Environment } from '../model/types.ts'
import { refuseFaults, refuseSizes } from '../plan/fit-files.ts'
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

type Service = { environment: Environment; database: DatabaseService }

/** What the stack's file says of each environment's Postgres. */
const readServices = ({ docker, host, passEnv, servers, environments }: Preflight): Promise<Service[]> => {
  const { stack, volume } = host
  return Promise.all(
    environments.map(async (name) => {
      const { environment } = servers.supplied(name)
      const { service } = environment
      return { environment, database: await readDatabaseService(docker, { stack, passEnv, service, volume }) }
    }),
  )
}

/** Everything that has to start afterwards; a registry that fails in between would leave the platform down. */
const checkImages = async (services: readonly Service[], preflight: Preflight): Promise<void> => {
  const { docker, servers, environments, containers } = preflight
  for (const name of environments) {
    const reference = dbmateImage(servers.supplied(name).config)
    if (!(await hasImage(docker.client, reference))) throw missing(reference, 'dbmate runs in it')
  }
  for (const { database } of services)
    if (!(await hasImage(docker.client, database.image)))
      throw missing(database.image, 'Postgres starts from it')
  for (const { name, image } of containers)
    if (!(await hasImage(docker.client, image))) throw missing(image, `${name} starts from it`)
}

const projectOf = ({ Labels }: ContainerInfo): string => {
  const project = Labels[composeLabels.project]
  return project ? `, of the compose project ${project}` : ''
}

/** @throws AppError (exit 4) while any container outside the database's stack refers to the volume. */
const checkVolume = async ({ docker, host }: Pick<Preflight, 'docker' | 'host'>): Promise<void> => {
  const others = await readReferrers(docker.client, host.volume, host.stack.project)
  if (others.length === 0) return
  const names = others.map(nameOf)
  const running = others.filter(isRunning).map(nameOf)
  throw new AppError(`The volume ${host.volume} is used by ${names.join(', ')} too.`, {
    exitCode: exitCodes.refused,
    details: [
      'It cannot be wiped from under a container, running or not.',
      ...others.map((one) => `${nameOf(one)} (${one.Image}) is ${one.Status.toLowerCase()}${projectOf(one)}`),
    ],
    // Whose they are, nobody here knows: what runs has a grace period, and its end is not its removal.
    hint: running.length > 0 ? `docker stop ${running.join(' ')}` : `docker rm ${names.join(' ')}`,
  })
}

/** Locks live there while the databases are made anew. @throws AppError (exit 2) when a new server would not have it. */
const checkMaintenance = ({ environment, database }: Service, { host }: Preflight): void => {
  const { name, maintenance } = environment
  if (maintenance === defaultMaintenance || maintenance === database.firstDatabase) return
  throw usageError(
    `A new server would not have the database ${maintenance}, where the locks of ${name} are.`,
    `set POSTGRES_DB=${maintenance} for ${database.service} in ${host.stack.file}, or leave maintenance: out`,
  )
}

const isOutside = (directory: string, path: string): boolean =>
  posix.relative(directory, path).startsWith('..')

/** Images disagree on where their data lie. @throws AppError (exit 2) where that would not be in the host's volume. */
const checkData = async ({ database }: Service, { docker, host }: Preflight): Promise<void> => {
  const { volume, stack } = host
  const { service, image, pgdata, mounts } = database
  const mount = mounts.find((one) => one.volume === volume)
  if (!mount)
    throw usageError(
      `${service} of ${stack.project} does not mount the volume ${volume}.`,
      `mount it in ${stack.file}, or correct hosts.${host.name}.volume`,
    )
  const data = pgdata ?? (await readImageVariable(docker.client, image, 'PGDATA'))
  if (data === undefined || !isOutside(mount.target, data)) return
  const declared = Object.keys(await declaredVolumes(docker.client, image))
  const place = declared.find((path) => !isOutside(path, data)) ?? posix.dirname(data)
  throw usageError(
    `${service} keeps its data in ${data}, and the volume ${volume} is mounted at ${mount.target}.`,
    `mount it at ${place}, or set PGDATA below ${mount.target}, in ${stack.file}`,
    [`The data would be outside the volume, and gone with the container (image ${image}).`],
  )
}

/** What an empty server will get: all files. @throws AppError (exit 2) for files that are not fit to run. */
const checkFiles = async (servers: ServerSide, name: string): Promise<void> => {
  const { environment } = servers.supplied(name)
  const empty = environment.databases.map((managed) => ({ managed, ...readMigrations(managed), ...absent }))
  const databases = await lintUnapplied(empty, () => loadLinter())
  refuseFaults(databases)
  refuseSizes(environment, databases)
}

/**
 * Whatever has to be there to succeed afterwards.
 * @throws AppError: exit 2 compose or migration files, 4 the volume is used by others, 6 an image is missing.
 */
export const checkCutover = async (preflight: Preflight): Promise<void> => {
  for (const name of preflight.environments) await checkFiles(preflight.servers, name)
  await checkStacks(preflight)
  await checkVolume(preflight)
  const services = await readServices(preflight)
  await checkImages(services, preflight)
  for (const service of services) {
    checkMaintenance(service, preflight)
    await checkData(service, preflight)
  }
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
