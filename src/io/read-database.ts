import { AppError, exitCodes } from '../errors.ts'
import type { DatabaseReading, ManagedDatabase } from '../model/types.ts'
import { type KnownTexts, readKnownTexts } from './ledger.ts'
import type { Server } from './postgres.ts'

const maintenance = 'postgres'
const nothingKnown: KnownTexts = { checksums: new Map(), attempted: new Set() }

/** Which of these databases exist on the server. */
export const readExisting = async (server: Server, names: readonly string[]): Promise<Set<string>> => {
  const sql = 'select datname from pg_catalog.pg_database where datname = any($1)'
  const rows = await server.query<{ datname: string }>(maintenance, sql, [names])
  return new Set(rows.map(({ datname }) => datname))
}

/**
 * The schema and the name of dbmate's table of versions, as dbmate derives them (pkg/driver/postgres:
 * the table's own schema, else the first of search_path, else current_schema(), else public).
 */
const versionsPlace = ({
  migrationsTable,
  searchPath,
}: ManagedDatabase): { schema: string | null; table: string } => {
  const [first = '', ...rest] = migrationsTable.split('.')
  if (rest.length > 0) return { schema: first, table: rest.join('.') }
  return { schema: searchPath?.split(',')[0]?.trim() || null, table: first }
}

/** Ordinary or partitioned tables, outside po_migrate and the system schemas, that no extension owns. */
const describeSql = `
with place as (
  select coalesce($1::text, pg_catalog.current_schema()::text, 'public') as schema, $2::text as name
)
select place.schema,
  exists (
    select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = place.schema and c.relname = place.name and c.relkind in ('r', 'p')
  ) as tracked,
  coalesce((
    select pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_table_privilege(c.oid, 'select')
      and pg_catalog.has_table_privilege(c.oid, 'insert')
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = place.schema and c.relname = place.name and c.relkind in ('r', 'p')
  ), true) as permitted,
  exists (
    select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'po_migrate' and c.relname = 'ledger'
  ) as recorded,
  (
    select count(*)::int from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname not in ('po_migrate', 'information_schema')
      and n.nspname !~ '^pg_' and not (n.nspname = place.schema and c.relname = place.name)
      and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
      )
  ) as tables
from place`

const quote = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`

/** Under a role without rights on its table, dbmate sees no table, takes every file for pending, and answers 0. */
const notPermitted = ({ database }: ManagedDatabase, table: string): AppError =>
  new AppError(`${database}: the role may not read and write ${table}.`, {
    exitCode: exitCodes.refused,
    details: ['dbmate would take every migration for pending.'],
    hint: 'set user: to the role that owns the databases',
  })

/** Versions that dbmate has recorded in this database, in the server's byte order. */
export const readApplied = async (server: Server, managed: ManagedDatabase): Promise<DatabaseReading> => {
  const { schema, table } = versionsPlace(managed)
  const [place] = await server.query<{
    schema: string
    tracked: boolean
    permitted: boolean
    recorded: boolean
    tables: number
  }>(managed.database, describeSql, [schema, table])
  if (place && !place.permitted) throw notPermitted(managed, `${place.schema}.${table}`)
  const tracked = place?.tracked ?? false
  const sql = `select version from ${quote(place?.schema ?? 'public')}.${quote(table)} order by version collate "C"`
  const rows = tracked ? await server.query<{ version: string }>(managed.database, sql) : []
  return {
    exists: true,
    tracked,
    tables: place?.tables ?? 0,
    applied: rows.map(({ version }) => version),
    ...(place?.recorded ? await readKnownTexts(server, managed.database) : nothingKnown),
  }
}

/** dbmate's table of versions, qualified and quoted for SQL. */
export const versionsTable = async (server: Server, managed: ManagedDatabase): Promise<string> => {
  const { schema, table } = versionsPlace(managed)
  const sql = "select coalesce($1::text, pg_catalog.current_schema()::text, 'public') as schema"
  const [place] = await server.query<{ schema: string }>(managed.database, sql, [schema])
  return `${quote(place?.schema ?? 'public')}.${quote(table)}`
}

export const absent: DatabaseReading = {
  exists: false,
  tracked: false,
  tables: 0,
  applied: [],
  ...nothingKnown,
}
