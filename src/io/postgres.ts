import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, ClientConfig, QueryResultRow } from 'pg'
import { AppError, exitCodes } from '../errors.ts'
import type { Credentials } from '../model/types.ts'
import { openPulse, type Pulse } from './pulse.ts'

export type ServerOptions = {
  /** Words for messages, e.g. `po-dev-postgres-1`. */
  label: string
  host: string
  port: number
  credentials: Credentials
  applicationName: string
  /** Makes the byte stream of each session when there is no direct route. */
  socket?: (() => Duplex) | undefined
  /** Milliseconds to wait for a server that is starting. */
  wait: number
  /** Where the password came from, for the remedy. */
  passwordHint: string
  /** Milliseconds for one answer; 0: no limit, for what counts and copies. */
  answerWithin?: number
  /** PGOPTIONS of its sessions, beside those that every session has. */
  settings?: string
  onWait?: (seconds: number) => void
}

/** The server notices within half a minute when a client is gone without a goodbye, and frees what its session held. */
export const keepAliveOptions =
  '-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3'

/** Asks one database, always in the same session. */
export type Query = <Row extends QueryResultRow>(sql: string, values?: unknown[]) => Promise<Row[]>

/** A session of its own, for transactions and for what takes long: no limit for an answer, but its server is asked. */
export type Session = AsyncDisposable & {
  query: Query
  /** Of its backend on the server. */
  pid: number
}

/** Sessions on one Postgres server: one a database, opened at first use, all closed together. */
export type Server = AsyncDisposable & {
  label: string
  /** On which it listens; of its socket's name too. */
  port: number
  /** @throws AppError (exit 6): not answering in time, or password refused. */
  session: (database: string) => Promise<Session>
  /** Foreign text, such as another session's query, without the password. */
  redact: (text: string) => string
  /** @throws AppError (exit 6): not answering in time, or password refused. */
  query: <Row extends QueryResultRow>(database: string, sql: string, values?: unknown[]) => Promise<Row[]>
}

const retryDelay = 250
const connectTimeout = 5000
/** Readers ask small things; a server that stays silent so long is out of reach. */
const answerTimeout = 30_000
const goodbyeTimeout = 2000
const refusedPassword = new Set(['28P01', '28000'])
/** Not up yet: TCP says no, or Postgres is starting, shutting down or recovering (57P03). */
const notYet = new Set(['ECONNREFUSED', 'ECONNRESET', '57P03', '57P01'])
const terminated = 'Connection terminated'
/** How the driver says it, once a session is gone or its server silent. */
const lostConnection = /not queryable|Connection terminated|Query read timeout/

const isNotYet = (error: Error & { code?: string }): boolean =>
  notYet.has(error.code ?? '') || error.message.includes(terminated)

const connectionError = (error: Error & { code?: string }, options: ServerOptions): AppError => {
  const { label, credentials, passwordHint } = options
  if (refusedPassword.has(error.code ?? ''))
    return new AppError(
      `Postgres on ${label} refused the password of "${credentials.user}": ${error.message}.`,
      {
        exitCode: exitCodes.unreachable,
        details: [
          'A volume keeps the password of its first start; changing the env file later does not change it.',
        ],
        hint: passwordHint,
        cause: error,
      },
    )
  const why = lostConnection.test(error.message) ? 'the connection was lost' : error.message
  return new AppError(`Postgres on ${label} cannot be reached: ${why}.`, {
    exitCode: exitCodes.unreachable,
    hint: `docker logs --tail 20 ${label}`,
    cause: error,
  })
}

/** Ends a session without a goodbye. */
export const hangUp = (client: Client): void => {
  // The driver has no public way to leave a server that does not answer.
  const { connection } = client as Client & { connection: { stream: Duplex } }
  connection.stream.destroy()
}

/** Ends a session; one whose server does not answer to the goodbye is cut off. */
export const closeSession = async (client: Client): Promise<void> => {
  const timer = setTimeout(() => hangUp(client), goodbyeTimeout)
  await client.end()
  clearTimeout(timer)
}

const openClient = async (config: ClientConfig): Promise<Client> => {
  const { default: pg } = await import('pg')
  const client = new pg.Client(config)
  // A session that dies between queries must not end the process; the next query on it fails and tells.
  client.on('error', () => {})
  await client.connect()
  return client
}

const connect = async (database: string, options: ServerOptions): Promise<Client> => {
  const { host, port, credentials, applicationName, socket, wait, onWait } = options
  const deadline = Date.now() + wait
  for (;;) {
    try {
      return await openClient({
        host,
        port,
        database,
        user: credentials.user,
        // SASLprep is NFKC for what Postgres stored; the driver sends what it is given.
        password: credentials.password.reveal().normalize('NFKC'),
        application_name: applicationName,
        connectionTimeoutMillis: connectTimeout,
        query_timeout: options.answerWithin ?? answerTimeout,
        keepAlive: true,
        options: [keepAliveOptions, options.settings].filter(Boolean).join(' '),
        ssl: false,
        ...(socket && { stream: socket as never }),
      })
    } catch (error) {
      const left = deadline - Date.now()
      if (!isNotYet(error as Error) || left <= 0) throw connectionError(error as Error, options)
      onWait?.(Math.ceil(left / 1000))
      await sleep(retryDelay)
    }
  }
}

const isDatabaseError = (error: unknown): boolean => (error as { severity?: string }).severity !== undefined

/** A session of its own, which the caller ends. */
export const openDedicated = (database: string, options: ServerOptions): Promise<Client> =>
  connect(database, options)

/** A session answers one query at a time; callers side by side take turns. */
const takeTurns = (client: Client): Pick<Client, 'query' | 'end'> => {
  let last: Promise<unknown> = Promise.resolve()
  const query = (sql: string, values: unknown[]): Promise<unknown> => {
    const next = last.then(() => client.query(sql, values))
    last = next.catch(() => {})
    return next
  }
  return { query: query as Client['query'], end: (() => closeSession(client)) as Client['end'] }
}

/** Nothing that a database or a role sets may end such a session, or keep it from writing; given at the start, it wins. */
const unlimited =
  '-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 -c default_transaction_read_only=off'

/** Postgres 17 and newer know it; an older one refuses a start that names it. */
const noTransactionTimeout =
  "select pg_catalog.set_config(name, '0', false) from pg_catalog.pg_settings where name = 'transaction_timeout'"

/** Milliseconds between two questions after a session that works. */
const lookEvery = 10_000

const workingSql = `select from pg_catalog.pg_stat_activity where pid = $1 and state not in ('idle', 'idle in transaction')`

/** Whether a session still works for us, asked over another: its answer may have been lost with the connection. */
const watchSession = (pid: number, database: string, options: ServerOptions): Pulse =>
  openPulse({
    ask: async () => {
      const other = await connect(database, { ...options, wait: 0, answerWithin: connectTimeout })
      try {
        if ((await other.query(workingSql, [pid])).rowCount === 0)
          throw new Error('it does not work for us any more')
      } finally {
        await closeSession(other)
      }
    },
    every: lookEvery,
    misses: 3,
    explain: (cause) => connectionError(cause as Error, options),
  })

const openSession = async (database: string, options: ServerOptions): Promise<Session> => {
  const client = await connect(database, { ...options, answerWithin: 0, settings: unlimited })
  const { query, end } = takeTurns(client)
  const pid = (client as Client & { processID: number }).processID
  const pulse = watchSession(pid, database, options)
  const session: Session = {
    pid,
    query: async (sql, values = []) => {
      const leave = pulse.attend(() => hangUp(client))
      try {
        return (await query(sql, values)).rows
      } catch (error) {
        if (isDatabaseError(error) && !isNotYet(error as Error)) throw error
        throw connectionError(error as Error, options)
      } finally {
        leave()
      }
    },
    [Symbol.asyncDispose]: () => end(),
  }
  await session.query(noTransactionTimeout)
  return session
}

export const openServer = (options: ServerOptions): Server => {
  const sessions = new Map<string, Promise<Pick<Client, 'query' | 'end'>>>()
  const session = (database: string): Promise<Pick<Client, 'query' | 'end'>> => {
    const open = sessions.get(database) ?? connect(database, options).then(takeTurns)
    sessions.set(database, open)
    return open
  }
  return {
    label: options.label,
    port: options.port,
    session: (database) => openSession(database, options),
    redact: (text) => options.credentials.password.redact(text),
    query: async (database, sql, values = []) => {
      const client = await session(database)
      try {
        return (await client.query(sql, values)).rows
      } catch (error) {
        // A DatabaseError is Postgres' own answer, which only the caller can judge; the rest is a lost connection.
        if (isDatabaseError(error)) throw error
        // Whoever asks next gets a new session, should the server be back.
        sessions.delete(database)
        client.end().catch(() => {})
        throw connectionError(error as Error, options)
      }
    },
    [Symbol.asyncDispose]: async () => {
      const open = await Promise.allSettled(sessions.values())
      await Promise.allSettled(open.map((result) => result.status === 'fulfilled' && result.value.end()))
    },
  }
}
