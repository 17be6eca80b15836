import { existsSync } from 'node:fs'
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { usageError } from '../errors.ts'
import { openDockerHost } from '../io/docker/host.ts'
import { type RunningServer, readRunningServers } from '../io/docker/running-servers.ts'
import { findMigrations } from '../io/host/find-migrations.ts'
import { shellUntil } from '../io/host/shell.ts'
import type { Context } from '../model/context.ts'
import { quote } from '../model/quote.ts'
import { Secret } from '../model/secret.ts'
import { reservedNames } from '../model/state.ts'
import { findKey } from './find-key.ts'
import { type ImageSettings, readImageSettings } from './image-variables.ts'
import type { Facts, FoundDirectory, FoundServer, PasswordPlace } from './plan/facts.ts'
import { toName } from './plan/name-databases.ts'
import { type ComposeReading, readCompose } from './read-compose.ts'
import { readDbmate } from './read-url.ts'

const passwordOf = (
  { password, trusts }: ImageSettings,
  { service, root }: { service: string; root: string },
  { env }: Context,
): PasswordPlace => {
  if (!password) return trusts ? { kind: 'trust' } : { kind: 'unknown' }
  const found = findKey(password, [join(root, '.env')], env)
  if (found) return { kind: 'key', file: '.env', key: found.key }
  return { kind: 'text', from: `the container ${service}`, value: new Secret(password) }
}

const toServer = (running: RunningServer, root: string, context: Context): FoundServer => {
  const { service, network, published, variables } = running
  const settings = readImageSettings(variables, () => undefined)
  const { user, database, port } = settings
  const password = passwordOf(settings, { service, root }, context)
  return { service, network, user, database, port, published, password }
}

type Running = { own: FoundServer[]; others: FoundServer[]; notes: string[] }

/** What runs here: of the compose project what its files do not show for a Postgres, and beside it; nothing without an engine. */
const readRunning = async (root: string, { facts }: ComposeReading, context: Context): Promise<Running> => {
  try {
    const { client } = await openDockerHost(context.env, shellUntil(context.stop))
    const running = await readRunningServers(client)
    const isOwn = ({ project }: RunningServer): boolean => facts !== undefined && project === facts.project
    const known = new Set(facts?.servers.map(({ service }) => service))
    const read = (some: RunningServer[]) => some.map((one) => toServer(one, root, context))
    return {
      own: read(running.filter((one) => isOwn(one) && !known.has(one.service))),
      others: read(running.filter((one) => !isOwn(one))),
      notes: [],
    }
  } catch (error) {
    return { own: [], others: [], notes: [(error as Error).message] }
  }
}

const joinCompose = ({ facts, notes }: ComposeReading, own: readonly FoundServer[]): ComposeReading => {
  if (!facts) return { notes }
  const servers = [...facts.servers, ...own]
  const none = servers.length === 0 ? [`${facts.file} has no service that is a Postgres`] : []
  return { facts: { ...facts, servers }, notes: [...notes, ...none] }
}

const lastSlash = /\/$/
const directoryKey = 'DBMATE_MIGRATIONS_DIR'

type Told = { path?: string; notes: string[] }

/**
 * The directory that dbmate was told of, by its path in the project.
 * @throws AppError (exit 2) for several: dbmate reads them as one history, a config has one for each database.
 */
const readTold = (root: string, told: string | undefined): Told => {
  const [first, ...more] = (told ?? '').split(',').flatMap((entry) => entry.trim() || [])
  if (first === undefined) return { notes: [] }
  if (more.length > 0)
    throw usageError(
      `${directoryKey} names ${more.length + 1} directories, ${[first, ...more].join(', ')}, and here a database has its files in one.`,
      `git mv ${more.map((path) => `${quote(path.replace(lastSlash, ''))}/*.sql`).join(' ')} ${quote(first)}, then name it alone in ${directoryKey}`,
      ['dbmate sorts the files of all of them by name, so they can lie side by side as they are.'],
    )
  const path = relative(root, resolve(root, first)).split(sep).join('/') || '.'
  if (isAbsolute(first) && !existsSync(first))
    return { notes: [`${directoryKey} is ${first}, which is not on this machine: it is not used`] }
  return { path, notes: [] }
}

/** Where dbmate was told to look counts, also before there is a file. */
const findDirectories = (root: string, path: string | undefined): FoundDirectory[] => {
  const found = findMigrations(root)
  if (path === undefined) return found
  const own = found.filter((one) => one.path === path)
  return own.length > 0 ? own : [{ path, versions: [], strangers: false }, ...found]
}

const projectOf = (root: string, { facts }: ComposeReading): string => {
  const name = toName(facts?.project ?? basename(root))
  return reservedNames.has(name) ? `${name}-project` : name
}

/** In `infrastructure/` where the project keeps such things there. */
const placeOf = (root: string, compose: ComposeReading, directories: readonly FoundDirectory[]): string => {
  const paths = [compose.facts?.file ?? '', ...directories.map(({ path }) => path)]
  const isInside =
    existsSync(join(root, 'infrastructure')) && paths.some((path) => path.startsWith('infrastructure/'))
  return isInside ? 'infrastructure/migrate.yaml' : 'migrate.yaml'
}

/** Everything about a project that its files and this machine's engine tell; its server is asked later. */
export const readFacts = async (
  root: string,
  place: string | undefined,
  context: Context,
): Promise<Facts> => {
  const dbmate = readDbmate(root, context.env)
  const read = await readCompose(root, {
    shell: shellUntil(context.stop),
    env: context.env,
    host: dbmate.url?.host,
  })
  const { own, others, notes } = await readRunning(root, read, context)
  const compose = joinCompose(read, own)
  const told = readTold(root, dbmate.directory)
  const directories = findDirectories(root, told.path)
  return {
    project: projectOf(root, compose),
    place: place ?? placeOf(root, compose, directories),
    compose: compose.facts,
    url: dbmate.url,
    others,
    directories,
    table: dbmate.table,
    notes: [...dbmate.notes, ...told.notes, ...compose.notes, ...notes],
  }
}
