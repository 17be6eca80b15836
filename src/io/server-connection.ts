import { ownSessions } from '../model/few-sessions.ts'
import { sessionName } from '../model/session.ts'
import type { Credentials, Environment, ServerAddress } from '../model/types.ts'
import { type ReachedAddress, reachAddress } from './postgres/address.ts'
import type { ServerOptions, Waiting } from './postgres/server-options.ts'

/** What every way to a server takes. */
export type ConnectionOptions = {
  environment: Environment
  credentials: Credentials
  run: string
  passwordHint: string
  onWait: (seconds: number, why: Waiting) => void
  /** Sessions on the server that the run may have open at once. */
  connections: number
  /** Directory for what is known of servers. */
  memory: string
  note: (text: string) => void
}

export type AddressedOptions = ConnectionOptions & { address: ServerAddress }

/** How a server that is known by its address is asked, and who it is known to be. */
export const connectionOf = (options: AddressedOptions): ServerOptions & { address: ReachedAddress } => {
  const { environment, credentials, run, memory, note, passwordHint, onWait } = options
  const anyAuth = environment.auth === 'any' || credentials.password.reveal() === ''
  const address = reachAddress(options.address, { anyAuth, memory, note })
  const { host, port } = address
  return {
    label: `${host}:${port}`,
    environment: environment.name,
    ...{ host, port, address, credentials, passwordHint, onWait },
    applicationName: sessionName(run, 'reader'),
    maintenance: environment.maintenance,
    wait: environment.wait * 1000,
    sessions: options.connections - ownSessions,
  }
}
