import type { Duplex } from 'node:stream'
import type { Client, ClientConfig } from 'pg'
import { NotTheServer } from './direct-route.ts'

/** What the driver's types leave out. */
type Driver = Client & {
  processID: number
  connection: NodeJS.EventEmitter & { stream: Duplex & { remoteAddress?: string } }
  _handleAuthCleartextPassword: () => void
  _handleAuthMD5Password: () => void
  _handleAuthSASLFinal: (message: unknown) => void
}

export type OpenClient = {
  client: Driver
  version: number
  /** The numeric address that answered. */
  address: () => string | undefined
}

const goodbyeTimeout = 2000

/** Ends a session without a goodbye. */
export const hangUp = (client: Client): void => {
  // The driver has no public way to leave a server that does not answer.
  ;(client as Driver).connection.stream.destroy()
}

/** Ends a session; one whose server does not answer to the goodbye is cut off. */
export const closeSession = async (client: Client): Promise<void> => {
  const timer = setTimeout(() => hangUp(client), goodbyeTimeout)
  await client.end()
  clearTimeout(timer)
}

/**
 * Gives the password to nobody: only SCRAM proves a server that knows it and keeps it from one that does not.
 * Answers whether the server proved itself.
 */
const answerOnlyScram = (client: Driver): (() => boolean) => {
  let proved = false
  const refuse = (asks: string) => (): void => {
    client.connection.emit('error', new NotTheServer(`a server that asks for ${asks} answers`))
  }
  client._handleAuthCleartextPassword = refuse('the password in clear text')
  client._handleAuthMD5Password = refuse('an md5 of the password')
  const verify = client._handleAuthSASLFinal.bind(client)
  client._handleAuthSASLFinal = (message) => {
    proved = true
    verify(message)
  }
  return () => proved
}

/**
 * Opens a session, and takes note of the server's major version.
 * @throws what the server or the driver said; NotTheServer where only SCRAM is answered and something else was asked.
 */
export const openClient = async (config: ClientConfig, scramOnly: boolean): Promise<OpenClient> => {
  const { default: pg } = await import('pg')
  const client = new pg.Client(config) as Driver
  let version = 0
  client.connection.on('parameterStatus', (status: { parameterName: string; parameterValue: string }) => {
    if (status.parameterName === 'server_version') version = Number.parseInt(status.parameterValue, 10)
  })
  // A session that dies between queries must not end the process; the next query on it fails and tells.
  client.on('error', () => {})
  const isProved = scramOnly ? answerOnlyScram(client) : () => true
  // TLS is laid over the socket, which knows its address.
  let address: string | undefined
  const socket = client.connection.stream
  socket.once('connect', () => {
    address = socket.remoteAddress
  })
  try {
    await client.connect()
    if (!isProved()) throw new NotTheServer('a server that asks for no password answers')
  } catch (error) {
    hangUp(client)
    throw error
  }
  return { client, version, address: () => address }
}

/** Timeouts that end idle or long sessions, by the version that brought them; an older server refuses a start that names them. */
const timeouts = [
  { name: 'idle_session_timeout', since: 14 },
  { name: 'transaction_timeout', since: 17 },
]

/** No permission, no such function: another product, or a server that was closed up. */
const cannotTell = new Set(['42501', '42883'])

export type Introduction = { pid: number; system: string }

const ask = async ({ client, version }: OpenClient, withSystem: boolean): Promise<Introduction> => {
  const off = timeouts
    .filter(({ since }) => version >= since)
    .map(({ name }) => `, pg_catalog.set_config('${name}', '0', false)`)
  const system = withSystem
    ? '(select system_identifier::text from pg_catalog.pg_control_system())'
    : "''::text"
  const sql = `select pg_catalog.pg_backend_pid() as pid, ${system} as system${off.join('')}`
  const [row] = (await client.query<Introduction>(sql)).rows
  return row ?? { pid: 0, system: '' }
}

/**
 * The one question that opens every session: who is there, and no timeout that ends it. `pid` is the backend's own, which
 * is not what a pooler gave; `system` is the server's system_identifier, empty where it is unasked or not told.
 */
export const introduce = async (
  opened: OpenClient,
  system: 'needed' | 'if told' | 'unasked',
): Promise<Introduction> => {
  try {
    return await ask(opened, system !== 'unasked').catch((error) => {
      if (system === 'unasked' || !cannotTell.has(error.code ?? '')) throw error
      if (system === 'if told') return ask(opened, false)
      throw new NotTheServer('a server that does not tell its system_identifier answers')
    })
  } catch (error) {
    hangUp(opened.client)
    throw error
  }
}
