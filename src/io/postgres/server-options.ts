import type { Duplex } from 'node:stream'
import type { Credentials } from '../../model/types.ts'
import type { ReachedAddress } from './address.ts'
import type { DirectRoute } from './direct-route.ts'

/** For what a session is waited: a server that starts, or for one of those that are taken. */
export type Waiting = 'start' | 'session'

/** Where a server is, and how its sessions are made. */
export type ServerOptions = {
  /** Words for messages, e.g. `po-dev-postgres-1`. */
  label: string
  /** Of the config, for the remedies; absent for a throwaway server. */
  environment?: string
  host: string
  port: number
  credentials: Credentials
  applicationName: string
  /** Where the whole server is asked; `postgres` where nothing is said. */
  maintenance?: string
  /** Makes the byte stream of each session into the container; absent where the server is this process' own. */
  socket?: (() => Duplex) | undefined
  /** Of a server that is no container: it is reached there, and nowhere else. */
  address?: ReachedAddress | undefined
  /** The way to its address, where there is one: tried first, and never believed unproven. */
  direct?: DirectRoute | undefined
  /** Milliseconds to wait for a server that is starting. */
  wait: number
  /** Where the password came from, for the remedy. */
  passwordHint: string
  /** Milliseconds for one answer; 0: no limit, for what counts and copies. */
  answerWithin?: number
  /** PGOPTIONS of its sessions, beside those that every session has. */
  settings?: string
  /** Sessions for questions, open at once; a few where nothing is said. */
  sessions?: number
  onWait?: (seconds: number, why: Waiting) => void
}
