import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '../io/engine.ts'
import type { Session } from '../io/postgres/postgres.ts'
import { quoteVersions } from '../io/postgres/read-database.ts'
import { lastBegun, readApplied } from '../model/applied-lines.ts'
import type { Migration } from '../model/types.ts'
import type { PlacedDatabase } from './applied.ts'
import type { Followed } from './follow.ts'

const undefinedTable = '42P01'
/** Milliseconds. */
const soon = 50

/** Whether our rows stand; dbmate may not have made its table yet. */
const insertRows = async (
  session: Session,
  insert: string,
  versions: readonly string[],
): Promise<boolean> => {
  await session.query('begin')
  try {
    await session.query(insert, [versions])
    return true
  } catch (error) {
    await session.query('rollback')
    if ((error as { code?: string }).code !== undefinedTable) throw error
    return false
  }
}

export type BarOptions = {
  engine: Pick<Engine, 'server' | 'cancel'>
  managed: PlacedDatabase
  migrations: readonly [Migration, ...Migration[]]
}

/**
 * Lets the file that dbmate is at end, and none behind it: rows of ours, never committed, stand where it would record those, so
 * that it waits there and is ended. Answers the file, once the call is over.
 */
export const barLater = async (call: Followed, options: BarOptions): Promise<Migration> => {
  const { engine, managed, migrations } = options
  const name = lastBegun(call.said())
  const running = migrations.find(({ file }) => file === name) ?? migrations[0]
  const later = migrations.slice(migrations.indexOf(running) + 1).map(({ version }) => version)
  const isOver = (): boolean => call.ended() !== undefined
  await using session = await engine.server.session(managed.database)
  const insert = `insert into ${quoteVersions(managed.versions)} (version) select unnest($1::text[]) on conflict do nothing`
  while (later.length > 0 && !isOver() && !(await insertRows(session, insert, later))) await sleep(soon)
  while (!(isOver() || readApplied(call.said()).has(running.file))) await call.next()
  if (later.length > 0 && !isOver()) await engine.cancel(managed.database)
  while (!isOver()) await call.next()
  return running
}
