import { existsSync } from 'node:fs'
import { basename, join, normalize } from 'node:path'
import { openDockerHost } from '../io/docker/host.ts'
import { type RunningServer, readRunningServers } from '../io/docker/running-servers.ts'
import { findMigrations } from '../io/host/find-migrations.ts'
import { shellUntil } from '../io/host/shell.ts'
import type { Context } from '../model/context.ts'
import { Secret } from '../model/secret.ts'
import { reservedNames } from '../model/state.ts'
import { findKey } from './find-key.ts'
import type { Facts, FoundDirectory, FoundServer, PasswordPlace } from './plan/facts.ts'
import { toName } from './plan/name-databases.ts'
import { type ComposeReading, readCompose } from './read-compose.ts'
import { readDbmate } from './read-url.ts'

const passwordOf = ({ service, variables }: RunningServer, root: string, { env }: Context): PasswordPlace => {
  const value = variables.POSTGRES_PASSWORD
  if (!value) return variables.POSTGRES_HOST_AUTH_METHOD === 'trust' ? { kind: 'trust' } : { kind: 'unknown' }
  const found = findKey(value, [join(root, '.env')], env)
  if (found) return { kind: 'key', file: '.env', key: found.key }
  return { kind: 'text', from: `the container ${service}`, value: new Secret(value) }
}

const toServer = (running: RunningServer, root: string, context: Context): FoundServer => {
  const { service, network, published, variables } = running
  const user = variables.POSTGRES_USER || 'postgres'
  return {
    service,
    network,
    user,
    database: variables.POSTGRES_DB || user,
    port: Number(variables.PGPORT) || 5432,
    published,
    password: passwordOf(running, root, context),
  }
}

type Others = { others: FoundServer[]; notes: string[] }

/** What runs beside the compose project; without an engine nothing does. */
const readOthers = async (root: string, { facts }: ComposeReading, context: Context): Promise<Others> => {
  try {
    const { client } = await openDockerHost(context.env, shellUntil(context.stop))
    const running = await readRunningServers(client)
    const foreign = running.filter(({ project }) => !facts || project !== facts.project)
    return { others: foreign.map((one) => toServer(one, root, context)), notes: [] }
  } catch (error) {
    return { others: [], notes: [(error as Error).message] }
  }
}

const lastSlash = /\/$/

/** Where dbmate was told to look counts, also before there is a file. */
const findDirectories = (root: string, told: string | undefined): FoundDirectory[] => {
  const found = findMigrations(root)
  const path = told === undefined ? undefined : normalize(told).replace(lastSlash, '')
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
  const compose = await readCompose(root, { shell: shellUntil(context.stop), env: context.env })
  const { others, notes } = await readOthers(root, compose, context)
  const directories = findDirectories(root, dbmate.directory)
  return {
    project: projectOf(root, compose),
    place: place ?? placeOf(root, compose, directories),
    compose: compose.facts,
    url: dbmate.url,
    others,
    directories,
    table: dbmate.table,
    notes: [...dbmate.notes, ...compose.notes, ...notes],
  }
}
