import type { Server } from './postgres.ts'

/** Which of these settings the server has: what it lacks it refuses to be given, and versions and products differ. */
export const readKnownSettings = async (
  server: Server,
  names: readonly string[],
): Promise<ReadonlySet<string>> => {
  const sql = 'select name from pg_catalog.pg_settings where name = any($1)'
  const rows = await server.query<{ name: string }>(server.maintenance, sql, [names])
  return new Set(rows.map(({ name }) => name))
}
