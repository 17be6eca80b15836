import type { Docker } from '../docker/docker.ts'
import { readSystemIdentifier } from '../docker/inside.ts'
import { recallServer, rememberServer } from './server-memory.ts'

/** Who answers at an address is not, or cannot be shown to be, the server inside the container. */
export class NotTheServer extends Error {
  readonly pooler: boolean

  constructor(message: string, pooler = false) {
    super(message)
    this.name = 'NotTheServer'
    this.pooler = pooler
  }
}

/** The way straight to a container's address: quick, and whoever listens there answers. */
export type DirectRoute = {
  /** Whether the password is withheld from whoever asks for it otherwise. */
  scramOnly: boolean
  isOpen: () => boolean
  /** Whether a session on it was shown to be the server's. */
  isProven: () => boolean
  /** From now on this way is not taken; why is told once. */
  close: (why: string) => void
  /** Whether this system_identifier is the one inside the container. */
  isServer: (system: string) => Promise<boolean>
}

export type DirectRouteOptions = {
  container: string
  label: string
  /** Environments whose servers may ask for the password in another way than SCRAM, or for none. */
  anyAuth: boolean
  /** Directory for what is known of servers. */
  memory: string
  note: (text: string) => void
}

/** Whether a system_identifier is the one inside: by memory, or by an exec where that knows none, or another. */
const insideOf = (docker: Docker, { container, memory }: DirectRouteOptions) => {
  const startedAt = docker
    .getContainer(container)
    .inspect()
    .then(({ State }) => State.StartedAt)
    .catch(() => undefined)
  const recall = async (): Promise<string | undefined> => {
    const at = await startedAt
    return at && recallServer(memory, { container, startedAt: at })
  }
  const read = async (): Promise<string | undefined> => {
    const system = await readSystemIdentifier(docker, container)
    const at = await startedAt
    if (system && at) rememberServer(memory, { container, startedAt: at, system })
    return system
  }
  let remembered: Promise<string | undefined> | undefined
  let seen: Promise<string | undefined> | undefined
  return async (system: string): Promise<boolean> => {
    remembered ??= recall()
    if ((await remembered) === system) return true
    seen ??= read()
    return (await seen) === system
  }
}

export const openDirectRoute = (docker: Docker, options: DirectRouteOptions): DirectRoute => {
  const { label, anyAuth, note } = options
  const isInside = insideOf(docker, options)
  let open = true
  let proven = false
  return {
    scramOnly: !anyAuth,
    isOpen: () => open,
    isProven: () => proven,
    close: (why) => {
      if (open) note(`${why} at the address of ${label}; Postgres is asked through docker exec instead`)
      open = false
    },
    isServer: async (system) => {
      const same = system !== '' && (await isInside(system))
      if (same) proven = true
      return same
    },
  }
}
