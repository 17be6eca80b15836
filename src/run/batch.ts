import { AppError, exitCodes } from '../errors.ts'
import { askAgain } from '../io/postgres/ask-again.ts'
import { beginAttempts, endAttempts, removeAttempts } from '../io/postgres/ledger-attempts.ts'
import { lastBegun, readApplied } from '../model/applied-lines.ts'
import type { Migration } from '../model/types.ts'
import { type AttemptResult, attempt } from './attempt.ts'
import { barLater } from './bar-later.ts'
import { type Ended, type Followed, follow } from './follow.ts'
import { concludeAttempt, isCut, leftOpen, type MigrateFileOptions, tellUnstarted } from './migrate-file.ts'

export type BatchOptions = Omit<MigrateFileOptions, 'migration' | 'direction'> & {
  /** Its directory holds these files. */
  batch: string
  migrations: readonly [Migration, ...Migration[]]
}

/** Files that one call of dbmate applies, a step each as ever. */
export type Batch = {
  /** Until this file is applied and seen; the first begins the call. @throws AppError as `migrateFile` does. */
  perform: (migration: Migration) => Promise<void>
  /** Whether this file is under way or done, and will stay so. */
  isBegun: (migration: Migration) => Promise<boolean>
  /** Lets the running file end, and no other begin. */
  halt: () => void
}

/** A call under way: a row in the ledger for each of its files, and those that are applied and seen. */
type Call = Followed & {
  options: BatchOptions
  ids: ReadonlyMap<string, string>
  since: Date
  done: Set<Migration>
  /** Why a row of a file that is done stays open. */
  open?: unknown
}

const begin = async (options: BatchOptions): Promise<Call> => {
  const { engine, managed, applied, migrations } = options
  const [migration] = migrations
  await applied.require(managed)
  const ids = await beginAttempts(engine.server, { ...options, direction: 'up' }).catch((error) => {
    throw tellUnstarted(error, migration)
  })
  const since = new Date()
  const followed = follow((onOutput) => attempt({ ...options, migration, direction: 'up', onOutput }))
  return { options, ids, since, done: new Set(), ...followed }
}

const idOf = ({ ids }: Call, { version }: Migration): string => ids.get(version) ?? ''

/** Takes back the rows of files that are not done, but for the one that may be. */
const forget = async (call: Call, running?: Migration): Promise<void> => {
  const { engine, managed, migrations } = call.options
  const left = migrations.filter((one) => one !== running && !call.done.has(one))
  const ids = left.map((one) => idOf(call, one))
  await removeAttempts(engine.server, managed.database, ids).catch(() => {})
}

/** Its container or its server went away, perhaps with its last words. */
const isCutOff = (ended: Ended | undefined): boolean =>
  ended !== undefined && 'result' in ended && isCut(ended.result.result)

/** Milliseconds by file. dbmate says `Applied:` of one that failed, too: it is through where it went on to another, or ended well. */
const readThrough = (call: Call): Map<string, number> => {
  const through = readApplied(call.said())
  const ended = call.ended()
  const endedWell = ended !== undefined && 'result' in ended && ended.result.result.exitCode === 0
  if (!endedWell) through.delete(lastBegun(call.said()) ?? '')
  return through
}

/** Writes down what dbmate is through with: its line and the file's row in the table of versions, never one of them alone. */
const settle = async (call: Call): Promise<void> => {
  const { done, options } = call
  const { engine, managed, migrations, applied } = options
  // Before the table is read: what dbmate says meanwhile is for the next time.
  const through = readThrough(call)
  const mute = isCutOff(call.ended())
  const recorded = await askAgain(() => applied.read(managed))
  const fresh = migrations.filter(
    (one) => !done.has(one) && recorded.has(one.version) && (mute || through.has(one.file)),
  )
  for (const one of fresh) {
    done.add(one)
    applied.add(managed, one, 'up')
  }
  const ends = fresh.map((one) => ({ id: idOf(call, one), duration: through.get(one.file) }))
  await endAttempts(engine.server, managed.database, ends).catch((error) => {
    call.open = leftOpen({ ...options, migration: fresh.at(-1) as Migration, direction: 'up' }, error)
  })
}

/** What is wrong beside its files: told at the last, since those behind an earlier one run all the same. */
const tellAtLast = ({ open, options }: Call, migration: Migration): void => {
  if (migration !== options.migrations.at(-1)) return
  if (open !== undefined) throw open
  options.applied.confirm(options.managed)
}

const withoutIt = ({ managed: { database } }: BatchOptions, { file }: Migration, output: string): AppError =>
  new AppError(`${database}: dbmate reported success, but not that it applied ${file}.`, {
    exitCode: exitCodes.failed,
    details: output.trim() ? [output.trim()] : [],
  })

const resultOf = async (call: Call, migration: Migration, ended: Ended): Promise<AttemptResult> => {
  if ('error' in ended) throw ended.error
  const { exitCode, output } = ended.result.result
  const isSaid = readApplied(call.said()).has(migration.file)
  if (exitCode === 0 && !isSaid) throw withoutIt(call.options, migration, output)
  return ended.result
}

/** The call ended at this file, and none behind it was begun. */
const conclude = async (migration: Migration, call: Call, ended: Ended): Promise<void> => {
  await forget(call, migration)
  await concludeAttempt(
    { ...call.options, migration, direction: 'up' },
    {
      id: idOf(call, migration),
      since: call.since,
      attempted: resultOf(call, migration, ended),
      duration: readApplied(call.said()).get(migration.file),
    },
  )
  call.done.add(migration)
}

/** A server that cannot be asked is told of once the call is over, with what is not known then. */
const unlessAway = (error: unknown): void => {
  if (!(error instanceof AppError) || error.exitCode !== exitCodes.unreachable) throw error
}

const barAll = async (call: Call): Promise<Migration> => {
  const running = await barLater(call, call.options)
  await settle(call)
  await forget(call, running)
  return running
}

/** It cannot be barred: then it is ended, and what it was at is taken back. */
const endAll = async (call: Call): Promise<undefined> => {
  const { engine, dbmate, managed } = call.options
  await engine.cancel(managed.database).catch(() => {})
  await dbmate.abort()
  while (!call.ended()) await call.next()
  await settle(call).catch(() => {})
}

/** At which file; the call may have been over before, or cut off. */
type Halted = Migration | 'over' | undefined

export const openBatch = (options: BatchOptions): Batch => {
  let opened: Promise<Call> | undefined
  let halting: Promise<Halted> | undefined
  return {
    perform: async (migration) => {
      opened ??= begin(options)
      const call = await opened
      while (!call.done.has(migration)) {
        const next = call.next()
        const ended = call.ended()
        if (ended || readThrough(call).has(migration.file)) await settle(call).catch(unlessAway)
        if (call.done.has(migration)) break
        if (ended) return await conclude(migration, call, ended)
        await next
      }
      tellAtLast(call, migration)
    },
    halt: () => {
      halting ??= opened
        // What is over needs no bar: each of its files is told as it ended.
        ?.then<Halted>((call) => (call.ended() ? 'over' : barAll(call).catch(() => endAll(call))))
        // Whoever performs a file is told why it could not begin.
        .catch(() => undefined)
    },
    isBegun: async (migration) => {
      if (!opened) return false
      const running = await halting
      return !halting || running === 'over' || migration === running || (await opened).done.has(migration)
    },
  }
}
