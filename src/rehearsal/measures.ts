import { setTimeout as sleep } from 'node:timers/promises'
import { quoteVersions, readExisting } from '../io/postgres/read-database.ts'
import type { ScratchServer } from '../io/postgres/scratch-server.ts'
import { sessionName } from '../model/session.ts'
import type { ManagedDatabase, Migration } from '../model/types.ts'
import { watchApplied } from '../run/applied.ts'
import { type Lock, type Relation, takeSql, watchSql } from './measures-sql.ts'

/** What applying one file took, on copies with the data. */
export type Measures = {
  /** Inserted, updated and deleted. */
  rows?: number
  /** Bytes of write-ahead log. */
  wal?: number
  /** Tables that were there before, and have another file now. */
  rewritten?: string[]
  /** On what was there before. */
  locks?: { relation: string; modes: string[] }[]
}

export type Measure = (managed: ManagedDatabase, migration: Migration) => Promise<() => Promise<Measures>>

const poll = 15

const byRelation = (
  locks: readonly Lock[],
  names: ReadonlyMap<number, string>,
): NonNullable<Measures['locks']> => {
  const known = locks.filter(({ relation }) => names.has(relation))
  return [...Map.groupBy(known, ({ relation }) => names.get(relation) ?? '')]
    .map(([relation, own]) => ({ relation, modes: [...new Set(own.map(({ mode }) => mode))].sort() }))
    .sort((one, other) => one.relation.localeCompare(other.relation))
}

const changedRows = (before: readonly Relation[], after: readonly Relation[]): number => {
  const known = new Map(before.map(({ oid, rows }) => [oid, rows]))
  return after.reduce((sum, { oid, rows }) => sum + Math.max(0, rows - (known.get(oid) ?? 0)), 0)
}

const rewrittenOf = (before: readonly Relation[], after: readonly Relation[]): string[] => {
  const files = new Map(after.map(({ oid, file }) => [oid, file]))
  return before
    .filter(({ oid, file }) => file !== null && files.has(oid) && files.get(oid) !== file)
    .map(({ name }) => name)
}

/** Outside a transaction nothing keeps the locks until the end: they are looked at again and again. */
const watchLocks = (look: () => Promise<readonly Lock[]>): (() => Promise<Lock[]>) => {
  const seen: Lock[] = []
  let over = false
  const watching = (async () => {
    while (!over) {
      seen.push(...(await look()))
      await sleep(poll)
    }
  })()
  return async () => {
    over = true
    await watching
    return seen
  }
}

/**
 * Measures file by file. The locks of a transaction are read at its end, by a trigger on the table of versions: dbmate's insert
 * is its last statement, and Postgres gives no lock back before that.
 */
export const openMeasuring = ({ server, run }: ScratchServer): Measure => {
  const name = sessionName(run, 'dbmate')
  const ask = <Row extends object>(database: string, sql: string, values: unknown[] = []): Promise<Row[]> =>
    server.query<Row>(database, sql, values)
  const untilGone = async (database: string): Promise<void> => {
    const sql =
      'select pg_catalog.count(*)::int as count from pg_catalog.pg_stat_activity where application_name = $1'
    // What a session changed is counted when it ends.
    for (let tries = 0; tries < 100; tries++) {
      if ((await ask<{ count: number }>(database, sql, [name]))[0]?.count === 0) return
      await sleep(poll)
    }
  }
  const arm = async (managed: ManagedDatabase): Promise<string> => {
    const { versions } = await watchApplied(server, []).place(managed)
    const table = quoteVersions(versions)
    await ask(managed.database, watchSql(table))
    return table
  }
  const read = async (
    { database }: ManagedDatabase,
    versions: string,
  ): Promise<{ relations: Relation[]; wal: number }> => {
    const relations = await ask<Relation>(database, takeSql.relations, [versions])
    const [log] = await ask<{ wal: number }>(database, takeSql.wal)
    return { relations, wal: log?.wal ?? 0 }
  }
  return async (managed, migration) => {
    const { database } = managed
    if (!(await readExisting(server, [database])).has(database)) return async () => ({})
    const versions = await arm(managed)
    const before = await read(managed, versions)
    const watching = migration.transaction
      ? undefined
      : watchLocks(() => ask<Lock>(database, takeSql.running, [name]))
    return async () => {
      const seen = await watching?.()
      await untilGone(database)
      const after = await read(managed, versions)
      const locks = seen ?? (await ask<Lock>(database, takeSql.locks))
      const names = new Map(before.relations.map((relation) => [relation.oid, relation.name]))
      return {
        rows: changedRows(before.relations, after.relations),
        wal: after.wal - before.wal,
        rewritten: rewrittenOf(before.relations, after.relations),
        locks: byRelation(locks, names),
      }
    }
  }
}
