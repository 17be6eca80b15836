import type { Server } from '../io/postgres/postgres.ts'
import { openSnapshot, type Snapshot } from '../io/postgres/snapshot.ts'

/** Snapshots of several databases, held until they are released or closed. */
export type Snapshots = AsyncDisposable & {
  of: (database: string) => Snapshot
  release: (database: string) => Promise<void>
}

export type SnapshotsRequest = { server: Server; databases: readonly string[]; signal?: AbortSignal }

const openAll = async ({ server, databases }: SnapshotsRequest): Promise<Map<string, Snapshot>> => {
  const opening = await Promise.allSettled(databases.map((database) => openSnapshot(server, database)))
  const opened = opening.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
  const failed = opening.find((result) => result.status === 'rejected')
  if (!failed) return new Map(opened.map((snapshot) => [snapshot.database, snapshot]))
  await Promise.all(opened.map((snapshot) => snapshot[Symbol.asyncDispose]()))
  throw failed.reason
}

/** All at once, so that they are of one moment. An abort ends what is asked of them. */
export const openSnapshots = async (request: SnapshotsRequest): Promise<Snapshots> => {
  const { server, signal } = request
  const held = await openAll(request)
  // A count may take long, and would go on without its client.
  const endBackends = async (): Promise<void> => {
    if (held.size === 0) return
    const pids = [...held.values()].map(({ pid }) => pid)
    // Of this run, whose sessions all have this one's name: a pid may be another's by now.
    const sql = `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
      where pid = any($1) and application_name = pg_catalog.current_setting('application_name')`
    await server.query(server.maintenance, sql, [pids]).catch(() => {})
  }
  const abandon = (): void => void endBackends()
  signal?.addEventListener('abort', abandon)
  return {
    of: (database) => {
      const snapshot = held.get(database)
      if (!snapshot) throw new Error(`${database} has no snapshot`)
      return snapshot
    },
    release: async (database) => {
      const snapshot = held.get(database)
      held.delete(database)
      await snapshot?.[Symbol.asyncDispose]()
    },
    [Symbol.asyncDispose]: async () => {
      signal?.removeEventListener('abort', abandon)
      await endBackends()
      const left = [...held.values()]
      held.clear()
      await Promise.all(left.map((snapshot) => snapshot[Symbol.asyncDispose]()))
    },
  }
}
