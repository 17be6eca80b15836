import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { AppError, exitCodes } from '../../errors.ts'
import type { DatabaseProperties } from '../../model/inventory.ts'
import { createDatabaseLike } from '../../model/recreate.ts'
import type { ExecResult } from '../docker/exec.ts'
import { connectionString, cut, type DumpTarget, failedTool, runTool } from './dump-tool.ts'
import { readProperties } from './inventory.ts'
import type { Query } from './postgres.ts'
import { applyProperties } from './recreate-database.ts'

export type CloneOptions = {
  database: string
  /** Major version of both servers. */
  major: number
  /** Takes the rows along. */
  data: boolean
  /** Seconds that the dump may wait for a lock. */
  lockTimeout: number
  signal: AbortSignal
}

const readSource = async (
  { server }: DumpTarget,
  database: string,
): Promise<DatabaseProperties & { hasPublic: boolean }> => {
  const properties = await readProperties(
    (sql, values) => server.query(server.maintenance, sql, values),
    database,
  )
  if (!properties)
    throw new AppError(`${database} is not on this server any more.`, { exitCode: exitCodes.failed })
  const sql = "select pg_catalog.count(*)::int as count from pg_catalog.pg_namespace where nspname = 'public'"
  const [found] = await server.query<{ count: number }>(database, sql)
  return { ...properties, hasPublic: found?.count === 1 }
}

type Outcome = PromiseSettledResult<ExecResult>

const isWell = (outcome: Outcome): boolean => outcome.status === 'fulfilled' && outcome.value.exitCode === 0

const judge = (outcome: Outcome, what: string, target: DumpTarget): void => {
  if (outcome.status === 'rejected') throw outcome.reason
  if (outcome.value.exitCode !== 0) throw failedTool(what, outcome.value, target)
}

/** pg_dump's stream becomes pg_restore's: nothing lies on any disk between them. */
const pour = async (source: DumpTarget, target: DumpTarget, options: CloneOptions): Promise<void> => {
  const { database, data, lockTimeout, signal } = options
  const pipe = new PassThrough({ highWaterMark: 2 ** 20 })
  const broken = new AbortController()
  let dumpEnded = false
  const dumping = runTool(source, {
    command: [
      ...['pg_dump', '--no-password', `--username=${source.user}`, '--format=custom', '--compress=0'],
      ...(data ? [] : ['--schema-only']),
      ...(lockTimeout > 0 ? [`--lock-wait-timeout=${lockTimeout * 1000}`] : []),
      `--dbname=${connectionString(database)}`,
    ],
    onOutput: async (chunk) => {
      if (pipe.destroyed || pipe.write(chunk)) return
      await once(pipe, 'drain', { signal: broken.signal }).catch(() => {})
    },
    signal: AbortSignal.any([signal, broken.signal]),
  }).finally(() => {
    dumpEnded = true
    pipe.end()
  })
  const restoring = runTool(target, {
    command: [
      ...['pg_restore', '--no-password', `--username=${target.user}`, '--exit-on-error', '--no-tablespaces'],
      `--dbname=${connectionString(database)}`,
    ],
    input: pipe,
    signal,
  })
  const [restored] = await Promise.allSettled([restoring])
  const dumpFirst = dumpEnded
  if (!isWell(restored)) broken.abort()
  pipe.destroy()
  const [dumped] = await Promise.allSettled([dumping])
  if (signal.aborted) throw cut(`The copy of ${database}`)
  // A dump that broke off leaves the other without an end; one that was ended has nothing to say.
  if (dumpFirst) judge(dumped, `The dump of ${database}`, source)
  judge(restored, `Restoring a copy of ${database}`, target)
  judge(dumped, `The dump of ${database}`, source)
}

/** As the real ones, which were filled once: over tables without rows that takes no time, and one that cannot be stays as it is. */
const fillViews = async ({ server }: DumpTarget, database: string): Promise<void> => {
  // In the order in which they were restored, each after what it reads.
  const sql = `select pg_catalog.format('refresh materialized view %I.%I', n.nspname, c.relname) as refresh
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'm' and not c.relispopulated order by c.oid`
  for (const { refresh } of await server.query<{ refresh: string }>(database, sql))
    await server.query(database, refresh).catch(() => {})
}

/**
 * A database of the same name, owner, grants and settings on another server, with its schema or all of it. `maintain` asks that
 * one's maintenance database.
 */
export const cloneDatabase = async (
  source: DumpTarget,
  target: DumpTarget & { maintain: Query },
  options: CloneOptions,
): Promise<void> => {
  const { database, major } = options
  const { hasPublic, ...properties } = await readSource(source, database)
  // There is one already.
  if (database !== target.server.maintenance)
    await target.maintain(createDatabaseLike(properties, database, { major, tablespace: false }))
  // Every new database has one, and no dump drops it.
  if (!hasPublic) await target.server.query(database, 'drop schema public')
  await pour(source, target, options)
  if (!options.data) await fillViews(target, database)
  await applyProperties(target.maintain, properties, database)
}
