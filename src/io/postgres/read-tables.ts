import type { CatalogTable } from '../../model/catalog.ts'
import type { ManagedDatabase } from '../../model/types.ts'
import { notOfExtension, userSchema } from './catalog-sql.ts'
import type { Server } from './postgres.ts'

const columns = `
select pg_catalog.json_agg(pg_catalog.json_build_object(
  'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'nullable', not a.attnotnull,
  'key', coalesce(a.attnum = any(k.conkey), false)) order by a.attnum)
from pg_catalog.pg_attribute a
left join pg_catalog.pg_constraint k on k.conrelid = a.attrelid and k.contype = 'p'
where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped`

/** A partition's foreign keys are its parent's. */
const references = `
select pg_catalog.json_agg(pg_catalog.json_build_object(
  'name', f.conname, 'schema', tn.nspname, 'table', t.relname, 'columns', (
    select pg_catalog.json_agg(a.attname order by x.place)
    from pg_catalog.unnest(f.conkey) with ordinality as x(number, place)
    join pg_catalog.pg_attribute a on a.attrelid = f.conrelid and a.attnum = x.number
  )) order by f.conname, f.oid)
from pg_catalog.pg_constraint f
join pg_catalog.pg_class t on t.oid = f.confrelid
join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
where f.conrelid = c.oid and f.contype = 'f' and f.conparentid = 0 and not t.relispartition`

/** Without partitions, what extensions made, the ledger and the table of versions ($1, $2). Catalogs only: no table is locked. */
const tablesSql = `
select n.nspname::text as schema, c.relname::text as name, pg_catalog.obj_description(c.oid, 'pg_class') as comment,
  coalesce((${columns}), '[]') as columns, coalesce((${references}), '[]') as references
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'f') and not c.relispartition and ${userSchema('n')} and n.nspname <> 'po_migrate'
  and not (n.nspname = $1 and c.relname = $2) and ${notOfExtension('pg_class', 'c.oid')}
order by n.nspname collate "C", c.relname collate "C"`

/** The tables of a database with their columns and foreign keys, by schema and name. */
export const readTables = (
  server: Server,
  { database, versions }: Pick<ManagedDatabase, 'database' | 'versions'>,
): Promise<CatalogTable[]> =>
  server.query<CatalogTable>(database, tablesSql, [versions?.schema ?? '', versions?.table ?? ''])
