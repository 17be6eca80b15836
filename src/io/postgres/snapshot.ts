import type { Query, Server } from './postgres.ts'

/** A transaction whose snapshot others may use; it ends with its session. */
export type Snapshot = AsyncDisposable & {
  database: string
  /** As `pg_dump --snapshot` takes it. */
  id: string
  /** The server's `pg_current_snapshot()` at that moment: `xmin:xmax:xip`. */
  position: string
  /** Of its backend on the server. */
  pid: number
  /** Sees exactly what the snapshot sees. */
  query: Query
}

/** Exports a snapshot of one database. Snapshots are per database in Postgres. */
export const openSnapshot = async (server: Server, database: string): Promise<Snapshot> => {
  const session = await server.session(database)
  const { query, pid } = session
  // Where row security would hide rows, an error.
  await query('set row_security = off')
  await query('begin isolation level repeatable read, read only')
  const [exported] = await query<{ id: string; position: string }>(
    'select pg_catalog.pg_export_snapshot() as id, pg_catalog.pg_current_snapshot()::text as position',
  )
  return {
    database,
    id: exported?.id ?? '',
    position: exported?.position ?? '',
    pid,
    query,
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}

/** The server's `pg_current_snapshot()` now, to compare with a snapshot's position (`mayHaveWritten`). */
export const readPosition = async (server: Server): Promise<string> => {
  const [row] = await server.query<{ position: string }>(
    server.maintenance,
    'select pg_catalog.pg_current_snapshot()::text as position',
  )
  return row?.position ?? ''
}
