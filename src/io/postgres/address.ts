import type { ServerAddress } from '../../model/types.ts'
import { NotTheServer } from './direct-route.ts'
import { recallServer, rememberServer } from './server-memory.ts'
import { isVerified } from './tls.ts'

/** A server that is known by its address alone, and who answers there. */
export type ReachedAddress = ServerAddress & {
  /** Whether the password is withheld from whoever asks for it otherwise than by SCRAM. */
  scramOnly: boolean
  /** Told with each session whose system_identifier this is (empty: it does not tell), and which address answered. */
  meet: (system: string, address: string | undefined) => void
  /** The numeric address that answered last. */
  answered: () => string | undefined
  /** Its system_identifier, once a session told it. */
  system: () => string | undefined
}

export type AddressOptions = {
  /** The environment lets a server ask otherwise, or there is no password to withhold. */
  anyAuth: boolean
  /** Directory for what is known of servers. */
  memory: string
  note: (text: string) => void
}

/** A memory knows containers by their start; an address has none. */
const started = 'address'

/**
 * All sessions of a run have to be on one server, whatever a name resolves to; and that another one answers than at the last
 * run is told. The password goes to whoever showed a certificate that was looked at, else by SCRAM only.
 */
export const reachAddress = (
  address: ServerAddress,
  { anyAuth, memory, note }: AddressOptions,
): ReachedAddress => {
  const container = `${address.host}:${address.port}`
  let known: string | undefined
  let last: string | undefined
  const remember = (system: string): void => {
    const before = recallServer(memory, { container, startedAt: started })
    if (before === system) return
    if (before)
      note(
        `another server answers at ${container} than before: its system_identifier is ${system}, it was ${before}`,
      )
    rememberServer(memory, { container, startedAt: started, system })
  }
  return {
    ...address,
    scramOnly: !anyAuth && !isVerified(address.tls),
    answered: () => last,
    system: () => known,
    meet: (system, from) => {
      last = from ?? last
      if (!system || known === system) return
      if (known) throw new NotTheServer('another server answers than at the start of this run')
      known = system
      remember(system)
    },
  }
}
