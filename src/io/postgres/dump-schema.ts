import type { VersionsTable } from '../../model/types.ts'
import type { Untold } from '../../model/untold.ts'
import { connectionString, cut, type DumpTarget, failedTool, runTool } from './dump-tool.ts'
import { failedDump } from './failed-dump.ts'
import type { Query } from './postgres.ts'
import { quoteVersions } from './read-database.ts'

/** What po-migrate and dbmate keep for themselves. */
const ledgerSchema = 'po_migrate'

/** pg_dump without data, and without what po-migrate and dbmate keep there for themselves. */
export const schemaArguments = (versions: VersionsTable | undefined): string[] => [
  '--schema-only',
  `--exclude-schema=${ledgerSchema}`,
  ...(versions ? [`--exclude-table=${quoteVersions(versions)}`] : []),
]

export type SchemaDumpOptions = {
  database: string
  /** dbmate's table of versions. */
  versions?: VersionsTable | undefined
  signal?: AbortSignal
}

/** A migration at work keeps its tables for itself: so long it is waited for. */
const lockWait = '--lock-wait-timeout=30s'

/**
 * What makes a database's schema, as the server's own pg_dump writes it.
 * @throws AppError (exit 1) with pg_dump's own words.
 */
export const dumpSchema = async (
  target: DumpTarget,
  { database, versions, signal }: SchemaDumpOptions,
): Promise<string> => {
  const chunks: Buffer[] = []
  const command = [
    'pg_dump',
    '--no-password',
    `--username=${target.user}`,
    lockWait,
    ...schemaArguments(versions),
    `--dbname=${connectionString(database)}`,
  ]
  const onOutput = async (chunk: Buffer): Promise<void> => void chunks.push(chunk)
  const what = `The dump of the schema of ${database}`
  const result = await runTool(target, { command, onOutput, ...(signal && { signal }) })
  if (signal?.aborted) throw cut(what)
  if (result.exitCode !== 0) throw await failedDump(what, result, { target, database })
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * Makes a schema from its dump in an empty database, by psql, stopping at the first error.
 * @throws AppError (exit 1) with Postgres' own words.
 */
export const restoreSchema = async (
  target: DumpTarget,
  { database, text, signal }: { database: string; text: string; signal?: AbortSignal },
): Promise<void> => {
  async function* read(): AsyncGenerator<Buffer> {
    yield Buffer.from(text)
  }
  const command = [
    ...['psql', '--no-password', `--username=${target.user}`, '-XqAt', '--set=ON_ERROR_STOP=1'],
    `--dbname=${connectionString(database)}`,
  ]
  const result = await runTool(target, { command, input: read(), ...(signal && { signal }) })
  if (signal?.aborted) throw cut(`Reading the schema of ${database} back`)
  if (result.exitCode !== 0) throw failedTool(`Reading the schema of ${database} back`, result, target)
}

const untoldSql = `select
  exists (select from pg_catalog.pg_namespace where nspname = 'public') as "hasPublic",
  coalesce((select pg_catalog.json_agg(pg_catalog.json_build_object('schema', n.nspname, 'name', c.relname,
      'definition', pg_catalog.pg_get_indexdef(i.indexrelid)) order by n.nspname, c.relname)
    from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      join pg_catalog.pg_class t on t.oid = i.indrelid
    where not i.indisvalid and t.relkind <> 'p' and n.nspname !~ '^pg_' and n.nspname <> $1), '[]') as "invalidIndexes",
  coalesce((select pg_catalog.json_agg(pg_catalog.json_build_object('name', extname, 'version', extversion) order by extname)
    from pg_catalog.pg_extension), '[]') as extensions`

export const readUntold = async (query: Query): Promise<Untold> => {
  const [row] = await query<Untold>(untoldSql, [ledgerSchema])
  return row ?? { hasPublic: true, invalidIndexes: [], extensions: [] }
}
