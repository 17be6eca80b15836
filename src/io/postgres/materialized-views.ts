import { AppError } from '../../errors.ts'
import type { Query } from './postgres.ts'

/** A materialized view that was restored and is empty, since what it reads from did not answer. */
export type EmptyView = { name: string; why: string }

/** Names as pg_restore has them; event triggers were restored already, and are not meant. */
const prepare = ["set search_path = ''", 'set session_replication_role = replica']

/** As pg_restore's list has them: `SCHEMA NAME OWNER`, on one line. */
const viewsSql = `
select pg_catalog.format('%I.%I', n.nspname, c.relname) as name, pg_catalog.translate(
    pg_catalog.concat_ws(' ', n.nspname, c.relname, pg_catalog.pg_get_userbyid(c.relowner)), E'\\n\\r', '  ') as entry
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relkind = 'm'`

/** Of the machine, not of what a view reads: memory, disk, an administrator; a bug of Postgres. */
const ofTheServer = /^(?:53|57|XX|58030)/

type PgError = Error & { code?: string; detail?: string }

const reasonOf = ({ message, detail }: PgError): string =>
  detail ? `${message}: ${detail.split('\n')[0]}` : message

/** One by one, each after those that it reads; `entries` are of the dump, in its order. Answers those that stay empty. */
export const fillViews = async (query: Query, entries: readonly string[]): Promise<EmptyView[]> => {
  for (const sql of prepare) await query(sql)
  const names = new Map(
    (await query<{ name: string; entry: string }>(viewsSql)).map((row) => [row.entry, row.name]),
  )
  const empty: EmptyView[] = []
  for (const entry of entries) {
    const name = names.get(entry)
    if (name === undefined) throw new Error(`no materialized view is ${entry}`)
    await query(`refresh materialized view ${name}`).catch((error: PgError) => {
      if (error instanceof AppError || ofTheServer.test(error.code ?? '')) throw error
      empty.push({ name, why: reasonOf(error) })
    })
  }
  return empty
}
