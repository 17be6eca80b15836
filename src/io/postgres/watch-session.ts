import { openPulse, type Pulse } from '../host/pulse.ts'
import { connect } from './connection.ts'
import { explainConnection } from './connection-error.ts'
import { closeSession } from './pg-client.ts'
import type { ServerOptions } from './server-options.ts'

/** Milliseconds between two questions after a session that works. */
const lookEvery = 10_000
const answerWithin = 5000

const workingSql = `select from pg_catalog.pg_stat_activity where pid = $1 and state not in ('idle', 'idle in transaction')`

/** Whether a session still works for us, asked over another: its answer may have been lost with the connection. */
export const watchSession = (pid: number, database: string, options: ServerOptions): Pulse =>
  openPulse({
    ask: async () => {
      const other = await connect(database, { ...options, wait: 0, answerWithin })
      try {
        if ((await other.query(workingSql, [pid])).rowCount === 0)
          throw new Error('it does not work for us any more')
      } finally {
        await closeSession(other)
      }
    },
    every: lookEvery,
    misses: 3,
    explain: (cause) => explainConnection(cause as Error, { ...options, database }),
  })
