import { crc32 } from 'node:zlib'
import pg from 'pg'
import type { TestPostgres } from './postgres.ts'

/** Another session that holds a database as a run does. */
export const holdDatabase = async (
  { address: host, password }: TestPostgres,
  database: string,
): Promise<AsyncDisposable> => {
  const client = new pg.Client({ host, user: 'postgres', password, database: 'postgres' })
  await client.connect()
  await client.query('select pg_advisory_lock($1, $2)', [0x706f6d67, crc32(database) | 0])
  return { [Symbol.asyncDispose]: () => client.end() }
}
