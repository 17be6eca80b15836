import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, ClientConfig } from 'pg'
import type { ReachedAddress } from './address.ts'
import { explainConnection } from './connection-error.ts'
import { type ConnectionFailure, isNotYet, isRefusal } from './connection-failure.ts'
import { NotTheServer } from './direct-route.ts'
import { hangUp, introduce, openClient } from './pg-client.ts'
import type { ServerOptions } from './server-options.ts'
import { tlsOptions } from './tls.ts'

const retryDelay = 250
const connectTimeout = 5000
/** After an address that stayed silent, which may be the server's own silence. */
const secondTimeout = 3000
/** Readers ask small things; a server that stays silent so long is out of reach. */
const answerTimeout = 30_000

/**
 * The server notices within half a minute when a client is gone without a goodbye, and frees what its session held; also one that
 * owes it the receipt of an answer, which keep-alives do not ask for.
 */
export const keepAliveOptions =
  '-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=30000'

/** Nothing that the server, a database or a role sets may end our sessions; given at the start, it wins. */
const untimed = '-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0'

const configOf = (database: string, options: ServerOptions): ClientConfig => {
  const {
    host,
    port,
    credentials,
    applicationName,
    answerWithin = answerTimeout,
    settings,
    address,
  } = options
  return {
    host,
    port,
    database,
    user: credentials.user,
    // SASLprep is NFKC for what Postgres stored; the driver sends what it is given.
    password: credentials.password.reveal().normalize('NFKC'),
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeout,
    query_timeout: answerWithin,
    keepAlive: true,
    options: [keepAliveOptions, untimed, settings].filter(Boolean).join(' '),
    ssl: address ? tlsOptions(address.tls, address.host) : false,
  }
}

/** Through the container, or to an address that is this process' own. */
const connectInside = async (config: ClientConfig, { socket }: ServerOptions): Promise<Client> => {
  const opened = await openClient({ ...config, ...(socket && { stream: socket as never }) }, false)
  const { pid } = await introduce(opened, 'unasked')
  if (socket && pid !== opened.client.processID) {
    hangUp(opened.client)
    throw new NotTheServer('a connection pooler answers', true)
  }
  return opened.client
}

/** To the container's address, where anybody may answer. */
const connectDirectly = async (config: ClientConfig, { direct }: ServerOptions): Promise<Client> => {
  const opened = await openClient(config, direct?.scramOnly ?? true)
  try {
    const { pid, system } = await introduce(opened, 'needed')
    if (pid !== opened.client.processID) throw new NotTheServer('a connection pooler answers', true)
    if (!(await direct?.isServer(system))) throw new NotTheServer('another server answers')
    return opened.client
  } catch (error) {
    hangUp(opened.client)
    throw error
  }
}

/** To a server that is known by its address alone, which may be one that only a container reaches. */
const connectThere = async (
  config: ClientConfig,
  { address, socket }: { address: ReachedAddress; socket: ServerOptions['socket'] },
): Promise<Client> => {
  const opened = await openClient(
    { ...config, ...(socket && { stream: socket as never }) },
    address.scramOnly,
  )
  try {
    const { pid, system } = await introduce(opened, 'if told')
    if (pid !== opened.client.processID) throw new NotTheServer('a connection pooler answers', true)
    address.meet(system, opened.address())
    return opened.client
  } catch (error) {
    hangUp(opened.client)
    throw error
  }
}

const describeOutside = (error: Error): string => {
  if (error instanceof NotTheServer) return error.message
  return isRefusal(error) ? 'another server answers' : 'nobody answers'
}

/** Asks inside the container before what was said at the address is believed. */
const judgeInside = async (config: ClientConfig, options: ServerOptions, outside: Error): Promise<Client> => {
  const conclusive = !isNotYet(outside)
  const why = describeOutside(outside)
  try {
    const connectionTimeoutMillis = isRefusal(outside) ? connectTimeout : secondTimeout
    const client = await connectInside({ ...config, connectionTimeoutMillis }, options)
    if (conclusive) options.direct?.close(why)
    return client
  } catch (inside) {
    // Nobody to ask inside: what was said at the address is all that is known.
    if (isNotYet(inside as Error) && conclusive && isRefusal(outside)) throw outside
    throw inside
  }
}

const isPowerOfTwo = (round: number): boolean => (round & (round - 1)) === 0

const tryOnce = async (database: string, options: ServerOptions, round: number): Promise<Client> => {
  const { direct, address, socket } = options
  const config = configOf(database, options)
  if (address) return connectThere(config, { address, socket })
  if (!direct?.isOpen()) return connectInside(config, options)
  try {
    return await connectDirectly(config, options)
  } catch (error) {
    const proven = direct.isProven() && !(error instanceof NotTheServer)
    // An exec costs a process in the container: seldom, while a server is waited for.
    if (proven || (isNotYet(error as Error) && !isPowerOfTwo(round))) throw error
    return judgeInside(config, options, error as Error)
  }
}

const tooManySessions = '53300'
/** Milliseconds to wait for a session where all are taken: by an application, which comes and goes. */
const freeWithin = 30_000

const patienceFor = (error: ConnectionFailure, { wait }: ServerOptions): number => {
  if (error.code === tooManySessions) return Math.min(wait, freeWithin)
  return isNotYet(error) ? wait : 0
}

/**
 * A session, as soon as the server takes it.
 * @throws AppError (exit 6): not answering in time, or refused; (exit 4): a pooler, or an invalid database.
 */
export const connect = async (database: string, options: ServerOptions): Promise<Client> => {
  const started = performance.now()
  for (let round = 1; ; round++) {
    try {
      return await tryOnce(database, options, round)
    } catch (error) {
      const left = started + patienceFor(error as ConnectionFailure, options) - performance.now()
      if (left <= 0) throw explainConnection(error as Error, { database, ...options })
      const why = (error as ConnectionFailure).code === tooManySessions ? 'session' : 'start'
      options.onWait?.(Math.ceil(left / 1000), why)
      await sleep(retryDelay)
    }
  }
}
