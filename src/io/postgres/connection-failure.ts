import { NotTheServer } from './direct-route.ts'

/** What Postgres answers, or the driver says. */
export type ConnectionFailure = Error & {
  code?: string
  severity?: string
  routine?: string
  /** Of a function in which it happened. */
  where?: string
}

/** Not up yet: TCP says no, or Postgres is starting, shutting down or recovering (57P03). */
const notYet = new Set(['ECONNREFUSED', 'ECONNRESET', '57P03', '57P01', '57P02'])
const terminated = 'Connection terminated'

/** Whether it is worth asking again in a moment. */
export const isNotYet = (error: ConnectionFailure): boolean =>
  notYet.has(error.code ?? '') || error.message.includes(terminated)

/** Somebody answered, Postgres or another: it is not the way that is missing. */
export const isRefusal = (error: ConnectionFailure): boolean =>
  error.severity !== undefined || error instanceof NotTheServer

/** A session that somebody ended: an administrator, a crash, a timeout (idle_session, idle_in_transaction, transaction). */
const ended = new Set(['57P01', '57P02', '57P04', '57P05', '25P03', '25P04'])
export const isEnded = (error: ConnectionFailure): boolean => ended.has(error.code ?? '')
