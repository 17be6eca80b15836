import { setTimeout as sleep } from 'node:timers/promises'
import { sessionName } from '../../model/session.ts'
import type { Server } from './postgres.ts'

/** A backend that keeps ours waiting. */
export type Blocker = {
  pid: number
  user: string
  application: string
  state: string
  query: string
  seconds: number
}

const blockersSql = `
select b.pid, b.usename as user, b.application_name as application, b.state, b.query,
  extract(epoch from now() - coalesce(b.xact_start, b.query_start))::int as seconds
from pg_catalog.pg_stat_activity a
cross join lateral unnest(pg_catalog.pg_blocking_pids(a.pid)) as blocking(pid)
join pg_catalog.pg_stat_activity b on b.pid = blocking.pid
where a.application_name = $1 and a.datname = $2`

const progressSql = `
select p.phase, p.blocks_done::text as done, p.blocks_total::text as total
from pg_catalog.pg_stat_progress_create_index p join pg_catalog.pg_stat_activity a using (pid)
where a.application_name = $1 and a.datname = $2`

/** Characters of a query to show; cut after it was redacted, so that no half of a password stays. */
const longest = 120

const whitespace = /\s+/g

export const describeBlocker = ({ pid, user, application, state, query, seconds }: Blocker): string =>
  `backend ${pid} (${[user, application].filter(Boolean).join(', ')}; ${state} for ${seconds} s): ${query.replace(whitespace, ' ').trim()}`

export type Observed = { run: string; database: string }

export type Observation = { blockers: readonly Blocker[]; progress: string | undefined }

/** What dbmate's session of this run in a database waits for, and how far an index build is. */
export const observe = async (server: Server, { run, database }: Observed): Promise<Observation> => {
  const name = [sessionName(run, 'dbmate'), database]
  const [blockers, [build]] = await Promise.all([
    server.query<Blocker>(server.maintenance, blockersSql, name),
    server.query<{ phase: string; done: string; total: string }>(server.maintenance, progressSql, name),
  ])
  const share =
    build && Number(build.total) > 0
      ? ` ${Math.floor((Number(build.done) / Number(build.total)) * 100)} %`
      : ''
  const shown = blockers.map((blocker) => ({
    ...blocker,
    query: server.redact(blocker.query).slice(0, longest),
  }))
  return { blockers: shown, progress: build && `${build.phase}${share}` }
}

const first = 700
const interval = 500

export type Watch = AsyncDisposable & {
  /** Who was in the way when last seen. */
  blockers: () => readonly Blocker[]
}

/** Looks every half second while a file runs; quick files are never looked at. */
export const watch = (server: Server, observed: Observed, onProgress: (text: string) => void): Watch => {
  const ended = new AbortController()
  let seen: readonly Blocker[] = []
  const look = async (): Promise<void> => {
    const { blockers, progress } = await observe(server, observed)
    if (blockers.length > 0) seen = blockers
    const [blocker] = blockers
    onProgress(blocker ? `waits for ${describeBlocker(blocker)}` : (progress ?? ''))
  }
  const loop = async (): Promise<void> => {
    await sleep(first, undefined, { signal: ended.signal })
    for (;;) {
      await look()
      await sleep(interval, undefined, { signal: ended.signal })
    }
  }
  // A failed look must not fail the run: dbmate's own answer tells what happened.
  const looping = loop().catch(() => {})
  return {
    blockers: () => seen,
    [Symbol.asyncDispose]: async () => {
      ended.abort()
      await looping
    },
  }
}
