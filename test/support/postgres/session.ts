import pg from 'pg'
import type { TestPostgres } from './postgres.ts'

/** Where a superuser `postgres` can connect. */
export type Reachable = Pick<TestPostgres, 'address' | 'password'> & { port?: number }

/** A session of the superuser, as an application would have it; ends with its scope. */
export const openSession = async (
  { address, port, password }: Reachable,
  database: string,
  name = 'app',
): Promise<pg.Client & AsyncDisposable> => {
  const client = new pg.Client({
    host: address,
    ...(port && { port }),
    database,
    user: 'postgres',
    password,
    application_name: name,
  })
  // A test may end the server or the session.
  client.on('error', () => {})
  await client.connect()
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() })
}
