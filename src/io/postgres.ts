import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, ClientConfig, QueryResultRow } from 'pg'
import { AppError, exitCodes } from '../errors.ts'
import type { Credentials } from '../model/types.ts'

export type ServerOptions = {
  /** Words for messages, e.g. `po-dev-postgres-1`. */
  label: string
  host: string
  port: number
  credentials: Credentials
  applicationName: string
  /** Makes the byte stream of each session when there is no direct route. */
  socket?: (() => Duplex) | undefined
  /** Settings of the session, as PGOPTIONS has them. */
  sessionOptions?: string
  /** Milliseconds to wait for a server that is starting. */
  wait: number
  /** Where the password came from, for the remedy. */
  passwordHint: string
  onWait?: (seconds: number) => void
}

const keepAliveOptions = '-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3'

/** Sessions on one Postgres server: one a database, opened at first use, all closed together. */
export type Server = AsyncDisposable & {
  label: string
  /** @throws AppError (exit 6): not answering in time, or password refused. */
  query: <Row extends QueryResultRow>(database: string, sql: string, values?: unknown[]) => Promise<Row[]>
}

const retryDelay = 250
const connectTimeout = 5000
const refusedPassword = new Set(['28P01', '28000'])
/** Not up yet: TCP says no, or Postgres is starting, shutting down or recovering (57P03). */
const notYet = new Set(['ECONNREFUSED', 'ECONNRESET', '57P03', '57P01'])
const terminated = 'Connection terminated'

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
  return new AppError(`Postgres on ${label} cannot be reached: ${error.message}.`, {
    exitCode: exitCodes.unreachable,
    hint: `docker logs --tail 20 ${label}`,
    cause: error,
  })
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
  const { host, port, credentials, applicationName, socket, wait, onWait, sessionOptions } = options
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
        keepAlive: true,
        ...(sessionOptions && { options: sessionOptions }),
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

/**
 * A session of its own, which the caller ends. The server notices within half a minute when this machine is gone without a
 * goodbye, and then frees what the session holds.
 */
export const openDedicated = (database: string, options: ServerOptions): Promise<Client> =>
  connect(database, { ...options, sessionOptions: keepAliveOptions })

/** A session answers one query at a time; callers side by side take turns. */
const takeTurns = (client: Client): Pick<Client, 'query' | 'end'> => {
  let last: Promise<unknown> = Promise.resolve()
  const query = (sql: string, values: unknown[]): Promise<unknown> => {
    const next = last.then(() => client.query(sql, values))
    last = next.catch(() => {})
    return next
  }
  return { query: query as Client['query'], end: (() => client.end()) as Client['end'] }
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
    query: async (database, sql, values = []) => {
      const client = await session(database)
      try {
        return (await client.query(sql, values)).rows
      } catch (error) {
        // A DatabaseError is Postgres' own answer, which only the caller can judge; the rest is a lost connection.
        throw isDatabaseError(error) ? error : connectionError(error as Error, options)
      }
    },
    [Symbol.asyncDispose]: async () => {
      const open = await Promise.allSettled(sessions.values())
      await Promise.allSettled(open.map((result) => result.status === 'fulfilled' && result.value.end()))
    },
  }
}
