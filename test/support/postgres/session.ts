import pg from 'pg'
import type { TestPostgres } from './postgres.ts'

/** A session of the superuser, as an application would have it; ends with its scope. */
export const openSession = async (
  { address, password }: Pick<TestPostgres, 'address' | 'password'>,
  database: string,
  name = 'app',
): Promise<pg.Client & AsyncDisposable> => {
  const client = new pg.Client({
    host: address,
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
