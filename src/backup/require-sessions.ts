import type { Config } from '../config/load.ts'
import { usageError } from '../errors.ts'
import { mostConnections, ownSessions } from '../model/few-sessions.ts'
import type { Environment } from '../model/types.ts'

/** @throws AppError (exit 2) for a fleet of more databases than there may be sessions: all snapshots are of one moment. */
export const requireSessions = ({ name, databases, fleets }: Environment, { connections }: Config): void => {
  const needed = databases.length + ownSessions
  if (!fleets || needed <= connections) return
  throw usageError(
    `A backup of ${name} needs ${needed} sessions, and connections: allows ${connections}.`,
    needed <= mostConnections
      ? `write into the config: connections: ${needed}, if the server has as many to give`
      : 'pg_basebackup, which copies the server as a whole',
    ['The snapshots of all its databases are taken at the same moment, each in a session of its own.'],
  )
}
