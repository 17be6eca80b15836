import type { Client, QueryResult } from 'pg'
import { closeSession } from './pg-client.ts'

/** A session that answers one query at a time: callers side by side take turns. */
export type Turns = {
  query: (sql: string, values: unknown[]) => Promise<QueryResult>
  /** Ends it behind the last turn. */
  close: () => Promise<void>
}

export const takeTurns = (opening: Promise<Client>): Turns => {
  let last: Promise<unknown> = opening.catch(() => {})
  return {
    query: (sql, values) => {
      const next = last.then(async () => (await opening).query(sql, values))
      last = next.catch(() => {})
      return next
    },
    close: () =>
      last.then(async () => {
        const client = await opening.catch(() => undefined)
        if (client) await closeSession(client)
      }),
  }
}

export type SessionPool = AsyncDisposable & {
  /** The session on a database, opened at first use; beyond a few, in the place of the one that was idle for longest. */
  on: (database: string) => Turns
  /** Ends the session on a database behind its last turn: nobody is expected to ask there again. */
  leave: (database: string) => Promise<void>
  /** So many sessions fewer from now on: others have them. */
  reserve: (count: number) => void
  /** Whoever asks next gets a new one. */
  drop: (database: string, turns: Turns) => void
}

export const openPool = (connect: (database: string) => Promise<Client>, most: number): SessionPool => {
  let limit = most
  const sessions = new Map<string, Turns>()
  /** Whose end nobody waits for yet: each still has a place on the server. */
  const ending = new Set<Promise<void>>()
  const end = (turns: Turns): Promise<void> => {
    const ended = turns.close().finally(() => ending.delete(ended))
    ending.add(ended)
    return ended
  }
  const leaveOne = async (): Promise<void> => {
    if (sessions.size + ending.size < limit) return
    const [first] = ending
    const [oldest] = sessions
    if (first) {
      ending.delete(first)
      await first
    } else if (oldest) {
      sessions.delete(oldest[0])
      await oldest[1].close()
    }
  }
  return {
    on: (database) => {
      const room = sessions.has(database) ? undefined : leaveOne()
      const turns =
        sessions.get(database) ?? takeTurns((room ?? Promise.resolve()).then(() => connect(database)))
      sessions.delete(database)
      sessions.set(database, turns)
      return turns
    },
    leave: async (database) => {
      const turns = sessions.get(database)
      sessions.delete(database)
      if (turns) await end(turns)
    },
    reserve: (count) => {
      limit = Math.max(1, limit - count)
    },
    drop: (database, turns) => {
      if (sessions.get(database) === turns) sessions.delete(database)
      turns.close().catch(() => {})
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.allSettled([...sessions.values()].map((turns) => turns.close()))
    },
  }
}
