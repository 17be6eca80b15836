import { join } from 'node:path'
import type { DumpProgress, DumpTarget } from '../io/postgres/dump-tool.ts'
import { readDatabaseInventory } from '../io/postgres/inventory.ts'
import type { EmptyView } from '../io/postgres/materialized-views.ts'
import { applyProperties, createEmptyDatabase } from '../io/postgres/recreate-database.ts'
import { restoreDatabase } from '../io/postgres/restore-dump.ts'
import { compareDatabases } from '../model/compare-inventories.ts'
import type { DatabaseInventory } from '../model/inventory.ts'
import type { Manifest } from '../model/manifest.ts'

export type FillRequest = {
  target: DumpTarget
  directory: string
  /** The database of the backup. */
  held: Manifest['databases'][number]
  /** What it is called on the server; there is none of that name. */
  name: string
  /** Major version of the server. */
  major: number
  /** On a scratch server: without tablespaces, and nobody will ask for statistics. */
  scratch?: boolean
  onProgress: (progress: DumpProgress) => void
  signal?: AbortSignal
}

/** What is there now; with statistics, without which the first queries would be planned blindly. */
const readFilled = async ({ target, held, name, scratch }: FillRequest): Promise<DatabaseInventory> => {
  await using session = await target.server.session(name)
  if (!scratch) await session.query('analyze')
  return await readDatabaseInventory(session.query, name, held.inventory)
}

export type Filled = {
  /** What differs from what was backed up. */
  differences: string[]
  /** Materialized views that could not be filled from what they read. */
  empty: EmptyView[]
}

/**
 * One database from its dump: made empty, restored, given its owner, grants and settings, read and compared.
 * @throws AppError (exit 1) with pg_restore's own words, or cut short.
 */
export const fillDatabase = async (request: FillRequest): Promise<Filled> => {
  const { target, directory, held, name, major, scratch = false, onProgress, signal } = request
  const { inventory, file } = held
  await createEmptyDatabase(target.server, inventory, { name, major, tablespace: !scratch })
  const empty = await restoreDatabase(target, {
    database: name,
    file: join(directory, file),
    tablespaces: !scratch,
    views: inventory.objects.some(({ kind }) => kind === 'materialized view'),
    onProgress,
    ...(signal && { signal }),
  })
  await using maintenance = await target.server.session(target.server.maintenance)
  await applyProperties(maintenance.query, inventory, name)
  const but = scratch ? (['tablespace'] as const) : []
  return { differences: compareDatabases(inventory, await readFilled(request), { but }), empty }
}
