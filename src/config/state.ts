import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Config, Variables } from './load.ts'

const onServers = '/var/lib/po-migrate'

/** Where locks, journals and data stand: `state:`, else the server's directory where there is one, else the user's. */
export const stateDirectory = ({ state, directory }: Config, env: Variables): string => {
  if (state) return resolve(directory, state)
  if (existsSync(onServers)) return onServers
  const own = env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state')
  return join(own, 'po-migrate')
}
