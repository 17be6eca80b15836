import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import type { Client } from 'pg'
import { AppError, exitCodes, interruptionCode } from '../../errors.ts'
import { describeHolder, type Holder, holderComment, parseHolder } from '../../model/holder.ts'
import { closeSession, hangUp } from './pg-client.ts'

/**
 * First half of the key, "pomg": tells our locks from everybody else's. Advisory locks are per database: all of ours live in
 * the maintenance database, since waiting in the target would stall CREATE INDEX CONCURRENTLY.
 */
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

/** Why a lock was lost: its session ended, or the server stayed silent, so that nothing that waits for it would ever end. */
export type LossReason = 'ended' | 'silent'

/** Aborted as soon as one of several locks is lost, with the reason of that one. */
export const anyLost = (...locks: readonly ({ lost: AbortSignal } | undefined)[]): AbortSignal =>
  AbortSignal.any(locks.flatMap((lock) => lock?.lost ?? []))

/** Held until disposed, or until its session ends, which aborts `lost` with a LossReason. */
export type Lock = AsyncDisposable & {
  lost: AbortSignal
  /** One more database in the same session. @throws AppError as `acquireLock`. */
  hold: (database: string) => Promise<void>
  /** Some of them, before the end. */
  free: (databases: readonly string[]) => Promise<void>
}

const shortest = 25
const longest = 1000

const busy = (database: string, locked: Locked | undefined): AppError =>
  new AppError(
    `${database} is locked by another run${locked?.holder ? `: ${describeHolder(locked.holder)}` : ''}.`,
    {
      exitCode: exitCodes.locked,
      hint: 'wait for it, or try again with --lock-wait SECONDS',
    },
  )

/** Somebody pressed Ctrl-C while this run waited for another. */
export const interruptedWait = ({ reason }: AbortSignal): AppError =>
  new AppError(`Interrupted by ${reason} while waiting for another run.`, {
    exitCode: interruptionCode(reason),
    touched: false,
  })

/** Ends early, without an error, when the run is interrupted. */
export const pauseUnless = async (interrupt: AbortSignal, ms: number): Promise<void> => {
  await sleep(ms, undefined, { signal: interrupt }).catch(() => {})
}

const sessionEnded = (cause: Error): AppError =>
  new AppError(`The session that waited for the lock ended: ${cause.message}.`, {
    exitCode: exitCodes.unreachable,
    cause,
  })

type Attempt = LockOptions & { client: Client; deadline: number }

const acquireOne = async (
  database: string,
  { client, holder, deadline, interrupt, onWait }: Attempt,
): Promise<void> => {
  const comment = holderComment(holder)
  const sql = `${comment} select pg_catalog.pg_try_advisory_lock($1, $2) as held`
  for (let pause = shortest; ; pause = Math.min(longest, pause * 2)) {
    const { rows } = await client.query<{ held: boolean }>(sql, [space, keyOf(database)])
    if (rows[0]?.held) return
    // With the comment here too: this session may hold other databases already, and others ask who it is.
    const query: Query = async (text) => (await client.query(`${comment} ${text}`)).rows
    const [locked] = await readLocks([database], query)
    const left = deadline - performance.now()
    if (interrupt.aborted) throw interruptedWait(interrupt)
    if (left <= 0) throw busy(database, locked)
    onWait({ locked, database, left })
    await pauseUnless(interrupt, Math.min(left, pause * (0.5 + Math.random())))
  }
}

const beat = 5000

/** Asks now and then: a connection that was cut without a goodbye would never tell. */
const listen = (client: Client, holder: Holder, lose: (reason: LossReason) => void): NodeJS.Timeout => {
  let asking = false
  const ask = async (): Promise<void> => {
    if (asking) return
    asking = true
    try {
      await client.query(`${holderComment(holder)} select 1`)
      asking = false
    } catch {
      lose('silent')
      hangUp(client)
    }
  }
  return setInterval(() => void ask(), beat).unref()
}

/**
 * One run at a time for each database, across every machine that reaches the server. Taken in sorted order, so that two
 * runs never wait for each other; polled, never waited for inside Postgres; freed by the server when this process dies.
 * @throws AppError: exit 5 naming the holder when the wait is over, 130 or 143 when it was interrupted, 6 when the session
 * ended meanwhile.
 */
export const acquireLock = async (options: LockOptions): Promise<Lock> => {
  const client = await options.connect()
  const lost = new AbortController()
  const lose = (reason: LossReason): void => lost.abort(reason)
  client.on('error', () => lose('ended'))
  client.on('end', () => lose('ended'))
  const attempt = { ...options, client, deadline: performance.now() + options.wait }
  try {
    for (const database of [...options.databases].sort()) await acquireOne(database, attempt)
  } catch (error) {
    await closeSession(client)
    throw error instanceof AppError ? error : sessionEnded(error as Error)
  }
  const listening = listen(client, options.holder, lose)
  return {
    lost: lost.signal,
    hold: (database) => acquireOne(database, { ...attempt, deadline: performance.now() + options.wait }),
    free: async (databases) => {
      const sql = `${holderComment(options.holder)} select pg_catalog.pg_advisory_unlock($1, key) from unnest($2::int[]) as key`
      if (databases.length > 0) await client.query(sql, [space, databases.map(keyOf)])
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(listening)
      await closeSession(client)
    },
  }
}
