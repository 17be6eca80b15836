import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import type { Client } from 'pg'
import { AppError, exitCodes } from '../errors.ts'
import { describeHolder, type Holder, holderComment, parseHolder } from '../model/holder.ts'

/** Advisory locks are per database, so all of ours live in this one; waiting in the target would stall CREATE INDEX CONCURRENTLY. */
export const lockDatabase = 'postgres'

/** First half of the key, "pomg": tells our locks from everybody else's. */
const space = 0x706f6d67

/** Second half: the target database's name. */
const keyOf = (database: string): number => crc32(database) | 0

export type Locked = { database: string; backend: number; application: string; holder: Holder | undefined }

const holdersSql = `
select l.objid::bigint::text as key, a.pid as backend, a.application_name as application, a.query
from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a using (pid)
where l.locktype = 'advisory' and l.classid = ${space} and l.objsubid = 2 and l.granted`

type Query = (sql: string) => Promise<{ key: string; backend: number; application: string; query: string }[]>

/** Who holds which of these databases, from any session of the server. */
export const readLocks = async (databases: readonly string[], query: Query): Promise<Locked[]> => {
  const names = new Map(databases.map((database) => [String(keyOf(database) >>> 0), database]))
  return (await query(holdersSql)).flatMap(({ key, backend, application, query: text }) => {
    const database = names.get(key)
    return database === undefined ? [] : [{ database, backend, application, holder: parseHolder(text) }]
  })
}

export type LockOptions = {
  /** Opens the session whose life is the lock's life. */
  connect: () => Promise<Client>
  databases: readonly string[]
  holder: Holder
  /** Milliseconds to wait for others. */
  wait: number
  interrupt: AbortSignal
  onWait: (waiting: { locked: Locked | undefined; database: string; left: number }) => void
}

/** Held until disposed, or until its session ends, which aborts `lost`. */
export type Lock = AsyncDisposable & { lost: AbortSignal }

const shortest = 25
const longest = 1000

const busy = (database: string, locked: Locked | undefined): AppError =>
  new AppError(
    `${database} is locked by another run${locked?.holder ? `: ${describeHolder(locked.holder)}` : ''}.`,
    {
      exitCode: exitCodes.locked,
      details: ['Nothing was touched.'],
      hint: 'wait for it, or try again with --lock-wait SECONDS',
    },
  )

type Attempt = LockOptions & { client: Client; deadline: number }

const acquireOne = async (
  database: string,
  { client, holder, deadline, interrupt, onWait }: Attempt,
): Promise<void> => {
  const sql = `${holderComment(holder)} select pg_catalog.pg_try_advisory_lock($1, $2) as held`
  for (let pause = shortest; ; pause = Math.min(longest, pause * 2)) {
    const { rows } = await client.query<{ held: boolean }>(sql, [space, keyOf(database)])
    if (rows[0]?.held) return
    const [locked] = await readLocks([database], async (text) => (await client.query(text)).rows)
    const left = deadline - Date.now()
    if (left <= 0 || interrupt.aborted) throw busy(database, locked)
    onWait({ locked, database, left })
    await sleep(Math.min(left, pause * (0.5 + Math.random())))
  }
}

/**
 * One run at a time for each database, across every machine that reaches the server. Taken in sorted order, so that two
 * runs never wait for each other; polled, never waited for inside Postgres; freed by the server when this process dies.
 * @throws AppError (exit 5) naming the holder when the wait is over.
 */
export const acquireLock = async (options: LockOptions): Promise<Lock> => {
  const client = await options.connect()
  const lost = new AbortController()
  client.on('error', () => lost.abort())
  client.on('end', () => lost.abort())
  const attempt = { ...options, client, deadline: Date.now() + options.wait }
  try {
    for (const database of [...options.databases].sort()) await acquireOne(database, attempt)
  } catch (error) {
    await client.end()
    throw error
  }
  return { lost: lost.signal, [Symbol.asyncDispose]: () => client.end() }
}
