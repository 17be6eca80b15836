import { accessSync, constants, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { usageError } from '../errors.ts'
import type { Host } from '../model/types.ts'
import type { Config, Variables } from './load.ts'

const onServers = '/var/lib/po-migrate'

/** Where locks, journals and data stand: `state:`, else on a server its own directory, else the user's XDG state directory. */
export const stateDirectory = ({ state, directory }: Config, host: Host, env: Variables): string => {
  if (state) return resolve(directory, state)
  if (host.ssh) return onServers
  const own = env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state')
  return join(own, 'po-migrate')
}

/**
 * The state directory, ready to write in: the user's own is made, a server's is not, since only root can give it a group.
 * @throws AppError (exit 2) with the line that makes it.
 */
export const requireState = (config: Config, host: Host, env: Variables): string => {
  const state = stateDirectory(config, host, env)
  try {
    if (!host.ssh) mkdirSync(state, { recursive: true, mode: 0o700 })
    accessSync(state, constants.W_OK)
    return state
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be written: ${code}`
    throw usageError(`The state directory ${state} ${why}.`, `sudo install -d -m 2770 -g docker ${state}`, [
      'It holds the lock of this host and the logs of its runs, for everybody who may migrate.',
    ])
  }
}
