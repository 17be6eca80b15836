import { setTimeout as sleep } from 'node:timers/promises'
import type { Dbmate, DbmateResult } from '../io/dbmate/dbmate.ts'
import type { Engine, Progress } from '../io/engine.ts'
import { type Blocker, describeBlocker, watch } from '../io/postgres/observer.ts'
import { lastBegun, readApplied } from '../model/applied-lines.ts'
import { parseDbmateError } from '../model/dbmate-error.ts'
import { sectionOf } from '../model/migration.ts'
import type { Direction, ManagedDatabase, Migration } from '../model/types.ts'
import type { Turns } from './turns.ts'

/** Postgres gave up waiting for a lock (lock_not_available). */
const lockNotAvailable = '55P03'
const attempts = 5
const firstPause = 500
/** A concurrent build waits for every transaction that could see the table, and leaves an INVALID index when it gives up. */
const concurrently = 12
const secondsToMs = 1000

export type AttemptOptions = {
  engine: Engine
  dbmate: Dbmate
  run: string
  environment: string
  managed: ManagedDatabase
  migration: Migration
  direction: Direction
  /** Seconds. */
  lockTimeout: number
  /** Which of the settings that not every server has are here. */
  known: ReadonlySet<string>
  interrupt: AbortSignal
  /** Of the databases that run side by side. */
  turns: Turns
  onProgress: Progress
  /** Of files that share a call: this one is the first of them. */
  batch?: string
  /** What dbmate says, as it comes. */
  onOutput?: (text: string) => void
}

/** How the last attempt ended, and who was in its way. */
export type AttemptResult = {
  result: DbmateResult
  blockers: readonly Blocker[]
  tries: number
  /** There were tries left, and the run was interrupted. */
  interrupted?: boolean
}

/** With this a backend notices when its client is gone. Since Postgres 14; an older one refuses a session that names it. */
export const clientCheck = 'client_connection_check_interval'

/** PGOPTIONS of dbmate's session: a bounded wait for locks, and what this server knows to notice a lost client with. */
const sessionSettings = (
  { lockTimeout, known }: Pick<AttemptOptions, 'lockTimeout' | 'known'>,
  transaction: boolean,
): string => {
  const ms = lockTimeout * secondsToMs * (transaction ? 1 : concurrently)
  return `-c lock_timeout=${ms}${known.has(clientCheck) ? ` -c ${clientCheck}=500` : ''}`
}

/** Two sessions changed one row of a catalog, or made the same one: whoever comes second looks at it anew, and finds it made. */
const met: Readonly<Record<string, RegExp>> = {
  XX000: /tuple concurrently (?:updated|deleted)/,
  '23505': /\bpg_\w+_index\b/,
  // Each waited for what the other one has.
  '40P01': /(?:)/,
}

/** Whether Postgres took the file back because of what another session did at the same moment. */
const metAnother = ({ exitCode, output }: DbmateResult): boolean => {
  if (exitCode === 0) return false
  const { sqlState = '', message } = parseDbmateError(output)
  return met[sqlState]?.test(message) ?? false
}

const duplicateObject = '42710'

/** Whether a file that was taken back whole may pass when it is tried again. */
const mayPass = (result: DbmateResult, tries: number, { turns }: AttemptOptions): boolean => {
  if (result.exitCode === 0) return false
  const { sqlState } = parseDbmateError(result.output)
  // It looked for a role, and another one made it before it did: one more look tells.
  if (sqlState === duplicateObject) return tries === 1 && turns.wereShared()
  return sqlState === lockNotAvailable || metAnother(result)
}

const tooManySessions = '53300'
/** Milliseconds to wait for a session where all are taken. */
const freeWithin = 30_000
const freePause = 500
/** Postgres' own words, in front of every file: a file may raise the code by itself, in the middle of its work. */
const noSession = /too many clients|too many connections|connection slots are reserved/

/** Whether Postgres had no session for dbmate: nothing was begun, and no file is to blame. */
export const isFull = ({ exitCode, output }: DbmateResult): boolean => {
  if (exitCode === 0) return false
  const { sqlState, message, line } = parseDbmateError(output)
  return sqlState === tooManySessions && line === undefined && noSession.test(message)
}

const runOnce = async (options: AttemptOptions): Promise<Pick<AttemptResult, 'result' | 'blockers'>> => {
  const { engine, dbmate, run, managed, migration, direction, onProgress, batch, onOutput } = options
  const settings = sessionSettings(options, sectionOf(migration, direction).transaction)
  await using watching = watch(engine.server, { run, database: managed.database }, onProgress)
  const file = { managed, migration, ...(batch && { batch }), onOutput }
  const result = await dbmate.migrate(direction, file, settings)
  return { result, blockers: watching.blockers() }
}

/** Runs one file, as soon as Postgres has a session for dbmate. */
const whenFree = async (options: AttemptOptions): Promise<Pick<AttemptResult, 'result' | 'blockers'>> => {
  const { interrupt, onProgress } = options
  const until = performance.now() + freeWithin
  for (;;) {
    const ended = await runOnce(options)
    const left = until - performance.now()
    if (!isFull(ended.result) || left <= 0 || interrupt.aborted) return ended
    onProgress(`Postgres has no free session; waiting, ${Math.ceil(left / secondsToMs)} s left`)
    await sleep(freePause, undefined, { signal: interrupt }).catch(() => {})
  }
}

/** Files of a shared call are through, so this is the first try of the one that failed, of which dbmate says the same. */
const isFurther = ({ batch }: AttemptOptions, { output }: DbmateResult): boolean => {
  const failed = lastBegun(output)
  return batch !== undefined && [...readApplied(output).keys()].some((file) => file !== failed)
}

/**
 * Runs one file; when it could not get a lock, and was rolled back whole, again after a pause: each wait for a lock makes
 * the application queue up behind it, so many short waits are kinder than a long one. The last try of a file that met another
 * one of this run has the server to itself.
 */
export const attempt = async (options: AttemptOptions): Promise<AttemptResult> => {
  const { migration, direction, interrupt, turns, onProgress } = options
  const { transaction } = sectionOf(migration, direction)
  let run = turns.share
  for (let tries = 1; ; tries++) {
    const { result, blockers } = await run(() => whenFree(options))
    if (isFurther(options, result)) tries = 1
    run = metAnother(result) && tries === attempts - 1 ? turns.alone : turns.share
    if (!mayPass(result, tries, options) || !transaction || tries === attempts)
      return { result, blockers, tries }
    const pause = firstPause * 2 ** (tries - 1) * (0.5 + Math.random())
    const [blocker] = blockers
    const reason = blocker ? `, after ${describeBlocker(blocker)}` : ''
    onProgress(`try ${tries + 1} of ${attempts} in ${(pause / secondsToMs).toFixed(1)} s${reason}`)
    await sleep(pause, undefined, { signal: interrupt }).catch(() => {})
    if (interrupt.aborted) return { result, blockers, tries, interrupted: true }
  }
}
