import pg from 'pg'
import type { TestPostgres } from './postgres.ts'

/** The most sessions that a run has open at once, by a session that looks all the time. */
export const watchSessions = async ({
  address,
  password,
}: TestPostgres): Promise<{ stop: () => Promise<number> }> => {
  const client = new pg.Client({
    ...{ host: address, user: 'postgres', password, database: 'postgres' },
    application_name: 'watcher',
  })
  client.on('error', () => {})
  await client.connect()
  const sql = `select count(*)::int as n from pg_stat_activity
    where backend_type = 'client backend' and application_name not in ('application', 'watcher', 'psql')`
  let most = 0
  let on = true
  const looking = (async () => {
    while (on) most = Math.max(most, (await client.query<{ n: number }>(sql)).rows[0]?.n ?? 0)
  })()
  return {
    stop: async () => {
      on = false
      await looking
      await client.end()
      return most
    },
  }
}
