import { createHash } from 'node:crypto'
import { accessSync, chmodSync, constants, existsSync, realpathSync, statSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { usageError } from '../errors.ts'
import { makeDirectories } from '../make-directories.ts'
import type { State } from '../model/state.ts'
import type { Host } from '../model/types.ts'
import { projectDirectory } from './find.ts'
import type { Config, Variables } from './load.ts'

const onServers = '/var/lib/po-migrate'

/** Nothing for a uid without an entry in passwd, where HOME is not set. */
const homeOf = (env: Variables): string | undefined => {
  if (env.HOME) return env.HOME
  try {
    return homedir()
  } catch {
    return undefined
  }
}

const homeless = (): Error =>
  usageError(
    'This user has no home directory: HOME is not set, and the uid has no entry in passwd.',
    'export HOME=DIRECTORY, or set state: in the config',
    ['Locks, journals and backups would stand there.'],
  )

/** `state:`, else on a server its own directory, else the user's XDG state directory. */
const rootOf = ({ state, directory }: Config, host: Host, env: Variables): string => {
  if (state) return resolve(directory, state)
  if (host.ssh) return onServers
  const home = homeOf(env)
  const own = env.XDG_STATE_HOME || (home && join(home, '.local', 'state'))
  if (!own) throw homeless()
  return join(own, 'po-migrate')
}

/** A config without `project:` is known by where it stands. */
const pathId = ({ file }: Config): string => {
  const path = existsSync(file) ? realpathSync(file) : file
  return `path-${createHash('sha256').update(path).digest('hex').slice(0, 12)}`
}

const notInNames = /[^a-z0-9_-]+/g
const atTheEdges = /^[^a-z0-9]+|-+$/g
/** A release's directory: named after a commit or a moment. */
const nobodysName = /^(current|infrastructure|[0-9a-f]{7,}|[0-9-]+)$/

/** A name that would fit. */
const suggest = ({ directory }: Config): string => {
  const name = basename(projectDirectory(directory))
    .toLowerCase()
    .replaceAll(notInNames, '-')
    .replaceAll(atTheEdges, '')
  return name === '' || nobodysName.test(name) ? 'my-project' : name
}

const nameless = (config: Config, root: string): Error =>
  usageError(
    `${config.file} names no project.`,
    `add this line to ${config.file}: project: ${suggest(config)}`,
    [
      `${root} may hold other projects' locks, journals and backups too: only a written name tells them apart.`,
    ],
  )

/** The user's own, for caches: to lose it costs time only. Who has no home has none that lasts. */
export const cacheDirectory = (env: Variables): string => {
  const home = homeOf(env)
  return join(env.XDG_CACHE_HOME || (home ? join(home, '.cache') : tmpdir()), 'po-migrate')
}

/**
 * Where things of a project stand on this host. Only in a user's own state directory the config's path will do for a name.
 * @throws AppError (exit 2) with the line to write.
 */
export const stateOf = (config: Config, host: Host, env: Variables): State => {
  const root = rootOf(config, host, env)
  const path = pathId(config)
  if (config.project === undefined && (config.state || host.ssh)) throw nameless(config, root)
  const { project = path } = config
  return { root, project, directory: join(root, project), own: [...new Set([project, path])] }
}

const setgid = 0o2000

/**
 * The state's directories, ready to write in: the user's own are made, a server's root is not, since only root can give it a
 * group.
 * @throws AppError (exit 2) with the line that makes it, or that names the project.
 */
export const requireState = (config: Config, host: Host, env: Variables): State => {
  const state = stateOf(config, host, env)
  const { root, directory } = state
  try {
    if (!host.ssh) makeDirectories(root, 0o700)
    accessSync(root, constants.W_OK)
    const isNew = !existsSync(directory)
    makeDirectories(directory, 0o770)
    // Whatever the umask left of it; of two that make it at once only its owner may change the mode.
    if (isNew && (statSync(directory).mode & 0o770) !== 0o770)
      chmodSync(directory, 0o770 | (statSync(root).mode & setgid))
    accessSync(directory, constants.W_OK)
    return state
  } catch (error) {
    const { code, path = root } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be written: ${code}`
    const hint =
      code === 'EROFS'
        ? 'set state: in the config to a directory that can be written; in a container: --tmpfs /tmp'
        : path === directory
          ? `sudo chmod 2770 ${directory}`
          : `sudo install -d -m 2770 -g docker ${root}`
    throw usageError(`The state directory ${path} ${why}.`, hint, [
      'It holds the lock of this host and the logs of its runs, for everybody who may migrate.',
    ])
  }
}
