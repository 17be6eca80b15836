import type { ManagedDatabase } from '../../model/types.ts'
import {
  type ChosenVersions,
  chooseVersions,
  configuredVersions,
  type FoundVersions,
} from '../../model/versions-table.ts'
import type { Server } from './postgres.ts'

/**
 * $1: the schema that the config names; $2: the schemas of its search_path; $3: the table. Without the first two it is
 * current_schema(), else public, as dbmate derives it (pkg/driver/postgres); what a database or a role sets counts, as it
 * does in dbmate's session. Tables: ordinary or partitioned, outside po_migrate and the system schemas, no extension's.
 */
const findSql = `
with wanted as (
  select coalesce($1::text, (
    select case entry when '$user' then current_user::text else entry end
    from unnest($2::text[]) with ordinality as path(entry, at)
    where entry <> '$user' or exists (select from pg_catalog.pg_namespace where nspname = current_user)
    order by at limit 1
  ), pg_catalog.current_schema()::text, 'public') as schema
), relation as (
  select c.oid, c.relname, c.relkind, n.oid as namespace, n.nspname::text as schema
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
)
select wanted.schema,
  coalesce((
    select pg_catalog.json_agg(pg_catalog.json_build_object(
      'schema', r.schema,
      'kind', r.relkind,
      'version', (
        select pg_catalog.format_type(a.atttypid, a.atttypmod) from pg_catalog.pg_attribute a
        where a.attrelid = r.oid and a.attname = 'version' and a.attnum > 0 and not a.attisdropped
      ),
      'permitted', pg_catalog.has_schema_privilege(r.namespace, 'usage')
        and pg_catalog.has_table_privilege(r.oid, 'select') and pg_catalog.has_table_privilege(r.oid, 'insert')
    ) order by r.schema)
    from relation r where r.relname = $3
  ), '[]') as namesakes,
  exists (select from relation r where r.schema = 'po_migrate' and r.relname = 'ledger') as recorded,
  coalesce((
    select pg_catalog.json_object_agg(own.schema, own.count) from (
      select r.schema, count(*) from relation r
      where r.relkind in ('r', 'p') and r.schema <> 'po_migrate' and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = r.oid and d.deptype = 'e'
      )
      group by r.schema order by r.schema
    ) as own
  ), '{}') as tables
from wanted`

type Row = Pick<FoundVersions, 'schema' | 'namesakes'> & {
  recorded: boolean
  /** Count by schema. */
  tables: Record<string, number>
}

export type VersionsReading = ChosenVersions & Pick<Row, 'recorded'> & { tables: ReadonlyMap<string, number> }

/** The table of versions itself is none of the database's own. */
const ownTables = (tables: Row['tables'], { place, tracked }: ChosenVersions): Map<string, number> =>
  new Map(
    Object.entries(tables)
      .map(([schema, count]): [string, number] => [
        schema,
        tracked && schema === place.schema ? count - 1 : count,
      ])
      .filter(([, count]) => count > 0),
  )

/** Finds dbmate's table of versions in a database that exists, and what else is there. */
export const findVersions = async (server: Server, managed: ManagedDatabase): Promise<VersionsReading> => {
  const { schema, path, table } = configuredVersions(managed)
  const [row] = await server.query<Row>(managed.database, findSql, [schema, path, table])
  if (!row) throw new Error('the catalog answered nothing')
  const fixed = schema !== null || path !== null
  const chosen = chooseVersions(managed, table, { ...row, fixed })
  return { ...chosen, recorded: row.recorded, tables: ownTables(row.tables, chosen) }
}
