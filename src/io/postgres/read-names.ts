import { AppError, exitCodes } from '../../errors.ts'
import type { Fleet } from '../../model/types.ts'
import type { Server } from './postgres.ts'

/** More in one run is a query that has lost its condition. */
export const mostNames = 10_000
/** Seconds that a query may take. */
const patience = 30

type Asked = Extract<Fleet['from'], { query: string }>
type Row = { columns: number; name: string | null }
type SqlError = Error & { code?: string; hint?: string }

const end = /[\s;]+$/

/** Its first column as text, in its own order; a comment at its end does not swallow what follows. */
const namesSql = (query: string): string => `select
  (select count(*)::int from pg_catalog.json_each(pg_catalog.row_to_json(names))) as columns,
  (select value from pg_catalog.json_each_text(pg_catalog.row_to_json(names)) limit 1) as name
from (
${query.replace(end, '')}
) as names limit ${mostNames + 1}`

const remedyOf = ({ name, from }: Fleet, environment: string, code = ''): string => {
  const correct = `correct databases.${name}.from.query`
  const missing = code === '42P01' || code === '42703' || code === '3F000'
  const managed = 'managed' in from ? from.managed : undefined
  return missing && managed !== undefined
    ? `where a migration of ${managed} makes it: po-migrate up ${environment} --db ${managed}; else ${correct}`
    : correct
}

const refusal = (message: string, hint: string, details: readonly string[] = []): AppError =>
  new AppError(message, { exitCode: exitCodes.refused, hint, details })

const failed =
  (fleet: Fleet, { database, query }: Asked, environment: string) =>
  (error: SqlError) => {
    if (error instanceof AppError) return error
    const { code, message, hint } = error
    const said =
      code === '57014' ? `it took longer than ${patience} s` : `${message}${code ? ` (${code})` : ''}`
    return refusal(
      `The query of ${fleet.name} failed in ${database}: ${said}.`,
      remedyOf(fleet, environment, code),
      [
        query.trim(),
        ...(hint ? [hint] : []),
        'It says which databases there are, so none of them was looked at.',
      ],
    )
  }

const requireNames = ({ name }: Fleet, rows: readonly Row[]): void => {
  const columns = rows[0]?.columns ?? 1
  if (columns !== 1)
    throw refusal(
      `The query of ${name} answers ${columns} columns, and one of names is needed.`,
      `name one column in databases.${name}.from.query`,
    )
  if (rows.length > mostNames)
    throw refusal(
      `The query of ${name} answers more than ${mostNames} rows.`,
      `bound it: a condition, or a limit, in databases.${name}.from.query`,
      ['A run takes so many databases at most; none was looked at.'],
    )
}

/**
 * What a fleet's query answers, asked in a transaction that can write nothing.
 * @throws AppError (exit 4) for one that fails, takes too long, or answers something else than a column of names.
 */
export const readNames = async (
  server: Server,
  fleet: Fleet,
  { from, environment }: { from: Asked; environment: string },
): Promise<(string | null)[]> => {
  await using session = await server.session(from.database)
  await session.query('begin transaction read only')
  await session.query(`set local statement_timeout = '${patience}s'`)
  const rows = await session.query<Row>(namesSql(from.query)).catch((error) => {
    throw failed(fleet, from, environment)(error)
  })
  requireNames(fleet, rows)
  return rows.map(({ name }) => name)
}

/** Databases that may be somebody's: those that let nobody in, and the templates, are nobody's. */
export const readAllNames = async (server: Server): Promise<string[]> => {
  const sql = 'select datname from pg_catalog.pg_database where datallowconn and not datistemplate'
  const rows = await server.query<{ datname: string }>(server.maintenance, sql)
  return rows.map(({ datname }) => datname)
}
