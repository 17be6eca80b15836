import type { Client, QueryResultRow } from 'pg'
import { AppError } from '../../errors.ts'
import { fewSessions } from '../../model/few-sessions.ts'
import type { Secret } from '../../model/secret.ts'
import { sessionName } from '../../model/session.ts'
import { defaultMaintenance } from '../../model/sql.ts'
import type { ServerAddress } from '../../model/types.ts'
import { connect } from './connection.ts'
import { explainConnection } from './connection-error.ts'
import { isEnded } from './connection-failure.ts'
import { hangUp } from './pg-client.ts'
import type { ServerOptions } from './server-options.ts'
import { openPool, takeTurns } from './session-pool.ts'
import { watchSession } from './watch-session.ts'

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
  /** The environment's. */
  user: string
  /** The database where locks are held, and where whatever concerns the whole server is asked. */
  maintenance: string
  /** Of a server that is no container. */
  address?: ServerAddress | undefined
  /** With which tools in its container log in: the address that it has there. */
  login: { host: string; password: Secret }
  /** @throws AppError (exit 6): not answering in time, or refused; (exit 4): a pooler, or an invalid database. */
  session: (database: string) => Promise<Session>
  /** A database is done: its session ends, and its place is free for another's. */
  leave: (database: string) => Promise<void>
  /** So many sessions of the budget are somebody else's. */
  reserve: (count: number) => void
  /** Foreign text, such as another session's query, without the password. */
  redact: (text: string) => string
  /**
   * Asks in a session that is opened again, once, when it was ended since the last question.
   * @throws AppError as `session`; what Postgres answers is the caller's to judge.
   */
  query: <Row extends QueryResultRow>(database: string, sql: string, values?: unknown[]) => Promise<Row[]>
}

const neverSent = /not queryable/
const silent = /Query read timeout/
const question = /^\s*(?:\/\*.*?\*\/\s*)?(?:select|with|show)\b/is
/** Milliseconds for a server that was there to come back, as after a failover. */
const comesBackWithin = 15_000

type PgError = Error & { code?: string; severity?: string }

/** Whether the session is gone, and it is no answer to the statement. */
const isLost = (error: PgError): boolean =>
  !(error instanceof AppError) && (error.severity === undefined || isEnded(error))

/** A lost question may be asked again; of a lost command nobody knows whether it was done, unless it never began. */
const mayRepeat = (error: PgError, sql: string): boolean =>
  !silent.test(error.message) && (neverSent.test(error.message) || isEnded(error) || question.test(sql))

/** The session whose life is the lock's life; the caller ends it. */
export const openLockSession = (options: ServerOptions, run: string): Promise<Client> =>
  connect(options.maintenance ?? defaultMaintenance, {
    ...options,
    applicationName: sessionName(run, 'lock'),
  })

const openSession = async (database: string, options: ServerOptions): Promise<Session> => {
  // It can write, though the database or the role be set to read only.
  const settings = [options.settings, '-c default_transaction_read_only=off'].filter(Boolean).join(' ')
  const client = await connect(database, { ...options, answerWithin: 0, settings })
  const turns = takeTurns(Promise.resolve(client))
  const pid = (client as Client & { processID: number }).processID
  const pulse = watchSession(pid, database, options)
  return {
    pid,
    query: async (sql, values = []) => {
      const leave = pulse.attend(() => hangUp(client))
      try {
        return (await turns.query(sql, values)).rows
      } catch (error) {
        if (!isLost(error as PgError)) throw error
        throw explainConnection(error as Error, { ...options, database })
      } finally {
        leave()
      }
    },
    [Symbol.asyncDispose]: turns.close,
  }
}

export const openServer = (options: ServerOptions): Server => {
  /** Since it went away: all its sessions together have this moment, not each of them as long as a start may take. */
  let backUntil: number | undefined
  const pool = openPool((database) => {
    const wait = backUntil === undefined ? options.wait : Math.max(0, backUntil - performance.now())
    return connect(database, { ...options, wait })
  }, options.sessions ?? fewSessions)
  const ask = async <Row extends QueryResultRow>(
    database: string,
    sql: string,
    values: unknown[],
  ): Promise<Row[]> => {
    const turns = pool.on(database)
    try {
      const { rows } = await turns.query(sql, values)
      backUntil = undefined
      return rows
    } catch (error) {
      if (isLost(error as PgError)) backUntil ??= performance.now() + Math.min(comesBackWithin, options.wait)
      if (error instanceof AppError || isLost(error as PgError)) pool.drop(database, turns)
      throw error
    }
  }
  const explained = (database: string) => (error: unknown) => {
    throw isLost(error as PgError) ? explainConnection(error as Error, { ...options, database }) : error
  }
  return {
    label: options.label,
    port: options.port,
    user: options.credentials.user,
    maintenance: options.maintenance ?? defaultMaintenance,
    address: options.address,
    login: { host: options.host, password: options.credentials.password },
    session: (database) => openSession(database, options),
    redact: (text) => options.credentials.password.redact(text),
    query: (database, sql, values = []) =>
      ask<never>(database, sql, values)
        .catch((error) => {
          if (!isLost(error) || !mayRepeat(error, sql)) throw error
          return ask<never>(database, sql, values)
        })
        .catch(explained(database)),
    leave: pool.leave,
    reserve: pool.reserve,
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}
