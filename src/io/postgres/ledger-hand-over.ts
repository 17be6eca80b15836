import type { Direction, ManagedDatabase, Migration, VersionsTable } from '../../model/types.ts'
import { type LedgerRows, withRows } from './ledger.ts'
import type { Server } from './postgres.ts'
import { quoteVersions } from './read-database.ts'

export type HandOver = Omit<LedgerRows, 'outcome' | 'migrations' | 'direction'> & {
  managed: ManagedDatabase & { versions: VersionsTable }
  direction: Direction
  /** The file that is through; `duration`: milliseconds. */
  ended: { id: string; migration: Migration; duration: number }
  /** The versions that stand there now, unless somebody else changed them. */
  expected: ReadonlySet<string>
  next: Migration
}

export type HandedOver = {
  /** Whether the table of versions says what the ended file wants; where it does not, nothing was written. */
  recorded: boolean
  versions: string[]
  /** Of the next file's row, which is there only where the versions are those that are expected. */
  id: string | null
}

/**
 * Between two files, in one round trip: the table of versions is read, and what it says decides whether the row of the file before it
 * ends, and whether the next one's begins. All parts see one snapshot, taken after dbmate's commit. It may be asked twice.
 * @throws what Postgres or the driver says: then nothing of it was done, or its answer was lost.
 */
export const endAndBegin = async (server: Server, handOver: HandOver): Promise<HandedOver | undefined> => {
  const { managed, ended, expected, next, ...about } = handOver
  const begin = { ...about, migrations: [next], outcome: 'running' as const }
  const { parts, values } = withRows(begin, '(select recorded and expected from standing)')
  const sql = `with found as (
    select version::text from ${quoteVersions(managed.versions)}
  ), wanted as (
    select pg_catalog.unnest($14::text[]) as version
  ), standing as (
    select exists (select from found where version = $15) = ($12 = 'up') as recorded,
      not exists (table found except table wanted) and not exists (table wanted except table found) as expected
  ), ended as (
    update po_migrate.ledger set outcome = 'done', error = null, duration_ms = $17
    where id = $16 and (select recorded from standing)
  ), ${parts}
  select recorded, array(select version from found) as versions, (select id from begun) as id from standing`
  const { id, migration, duration } = ended
  const all = [...values, [...expected], migration.version, id, duration]
  const [row] = await server.query<HandedOver>(managed.database, sql, all)
  return row
}
