import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { sharedMemoryIn } from '../docker/disk.ts'
import { readContents, restoreCommand, viewData } from './dump-contents.ts'
import {
  connectionString,
  cut,
  type DumpOptions,
  type DumpTarget,
  failedTool,
  meter,
  runTool,
} from './dump-tool.ts'
import { type EmptyView, fillViews } from './materialized-views.ts'

export type RestoreOptions = DumpOptions & {
  database: string
  /** Puts tables where they were; a scratch server has no tablespaces. */
  tablespaces: boolean
  /** Whether the dump may hold materialized views. */
  views?: boolean
}

const serial = '-c max_parallel_maintenance_workers=0'

/** Parallel builds of some indexes, such as HNSW, take all of maintenance_work_mem from /dev/shm, where the rest has to fit too. */
const mayBuildParallel = async (
  { docker, container, server }: DumpTarget,
  database: string,
): Promise<boolean> => {
  // Anew: the role may have got its settings since the last one.
  await using session = await server.session(database)
  const sql =
    "select setting::float8 * 1024 as bytes from pg_catalog.pg_settings where name = 'maintenance_work_mem'"
  const [[memory], shared] = await Promise.all([
    session.query<{ bytes: number }>(sql),
    sharedMemoryIn(docker, container),
  ])
  return shared === undefined || memory === undefined || shared > memory.bytes * 1.1
}

/**
 * Restores a dump into an empty database, stopping at the first error. Materialized views are filled one by one when all
 * else is there: one that reads from another server or database may find nobody, and its rows are in no dump.
 * @returns the materialized views that stay empty.
 * @throws AppError (exit 1) with pg_restore's own words, or cut short.
 */
export const restoreDatabase = async (target: DumpTarget, options: RestoreOptions): Promise<EmptyView[]> => {
  const { database, file, tablespaces, views, onProgress, signal } = options
  const what = `Restoring ${file} into ${database}`
  if (signal?.aborted) throw cut(what)
  const { size } = await stat(file)
  const count = meter(onProgress, size)
  async function* read(): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 18 })) {
      count(chunk.length)
      yield chunk
    }
  }
  const contents = views ? await readContents(target, options) : []
  const later = contents.flatMap(viewData)
  const command = restoreCommand(
    [
      'pg_restore',
      '--no-password',
      `--username=${target.user}`,
      '--exit-on-error',
      ...(tablespaces ? [] : ['--no-tablespaces']),
      `--dbname=${connectionString(database)}`,
    ],
    later.length > 0 ? contents.filter((entry) => viewData(entry).length === 0) : undefined,
  )
  const settings = (await mayBuildParallel(target, database)) ? '' : serial
  const result = await runTool(target, { command, settings, input: read(), ...(signal && { signal }) })
  if (signal?.aborted) throw cut(what)
  if (result.exitCode !== 0) throw failedTool(what, result, target)
  if (later.length === 0) return []
  await using session = await target.server.session(database)
  return await fillViews(session.query, later)
}
