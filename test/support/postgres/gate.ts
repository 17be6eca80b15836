import { randomInt } from 'node:crypto'
import { eventually } from '../engine/docker.ts'
import { openSession, type Reachable } from './session.ts'

/** A migration's statement that goes on only when the test lets it: no guess at how long something takes. */
export type Gate = AsyncDisposable & {
  sql: string
  /** The same as an INSERT, in a column that takes any number: such a file may share a call of dbmate. */
  insert: (into: string) => string
  /** Resolves when a file stands at the gate. */
  reached: () => Promise<void>
  /** How many files stand at it now. */
  waiting: () => Promise<number>
  open: () => Promise<void>
}

/** The gate is closed while a session of the test holds an advisory lock; the file looks for it, and waits for no lock. */
export const closeGate = async (postgres: Reachable, database = 'postgres'): Promise<Gate> => {
  const session = await openSession(postgres, database, 'gate')
  const key = randomInt(2 ** 31 - 1)
  const held = `locktype = 'advisory' and classid = 0 and objid = ${key}`
  await session.query('select pg_catalog.pg_advisory_lock($1::bigint)', [key])
  const count = `select count(*)::int as count from pg_catalog.pg_stat_activity
    where state = 'active' and application_name like '% dbmate' and query like '%objid = ${key})%'`
  const waiting = async (): Promise<number> => (await session.query(count)).rows[0].count
  return {
    sql: `do $$ begin while exists (select from pg_catalog.pg_locks where ${held}) loop perform pg_sleep(0.02); end loop; end $$;`,
    // Asked anew for each row: the view of all locks would be read once.
    insert: (into) => `insert into ${into} with recursive wait(n) as (
      select 1 union all select n + 1 from wait where pg_sleep(0.02)::text = '' and exists (
        select from (select pg_catalog.pg_lock_status() as l where n > 0) as one
        where (l).locktype = 'advisory' and (l).classid = 0 and (l).objid = ${key})
    ) select max(n) from wait;`,
    waiting,
    reached: async () => {
      await eventually('a file to stand at the gate', async () => (await waiting()) > 0 || undefined)
    },
    open: async () => {
      await session.query('select pg_catalog.pg_advisory_unlock_all()')
    },
    [Symbol.asyncDispose]: () => session.end(),
  }
}
