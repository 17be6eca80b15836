import type { Dbmate, PlannedFile } from '../io/dbmate/dbmate.ts'
import type { Engine, Progress } from '../io/engine.ts'
import { readKnownSettings } from '../io/postgres/known-settings.ts'
import type { LossReason } from '../io/postgres/lock.ts'
import type { Provenance } from '../model/ledger.ts'
import type { Step } from '../model/step.ts'
import type { ManagedDatabase, Migration } from '../model/types.ts'
import { clientCheck } from './attempt.ts'
import type { Batch } from './batch.ts'
import type { MigrateFileOptions } from './migrate-file.ts'
import { nextFile } from './next-file.ts'
import { openBatches, type SharedCalls } from './open-batches.ts'
import { openRowAhead } from './row-ahead.ts'
import { openTurns, type Turns } from './turns.ts'

/** What the steps of `up` and `rollback` act with. */
export type MigrateTools = Pick<SharedCalls, 'created' | 'isBegun' | 'halt'> & {
  engine: Engine
  run: string
  onProgress: Progress
  /** Its container starts with the first step that needs it, and serves all. */
  dbmate: () => Promise<Dbmate>
  /** Read at the first file: before that the image may have to be pulled. */
  provenance: () => Promise<Provenance>
  /** The call of dbmate that a file of a database that this run has made shares with others. */
  batchOf: (step: { managed: ManagedDatabase; migration: Migration }) => Promise<Batch | undefined>
  /** All that running one file takes but its direction. */
  forFile: (step: {
    managed: ManagedDatabase
    migration: Migration
  }) => Promise<Omit<MigrateFileOptions, 'direction'>>
}

export type MigrateToolsOptions = Pick<
  MigrateFileOptions,
  'run' | 'environment' | 'lockTimeout' | 'interrupt' | 'applied' | 'engine' | 'onProgress'
> & {
  provenance: () => Promise<Provenance>
  /** Aborted when the lock's session ended. */
  lost: AbortSignal | undefined
  /** Aborted when the running step has to end now. */
  stop: AbortSignal
  /** Which of several that run side by side. */
  lane?: number
  /** Of all that run side by side. */
  turns?: Turns
}

const filesOf = (steps: readonly Step[]): PlannedFile[] =>
  steps.flatMap(({ kind, managed, migration }) =>
    managed && migration && kind !== 'accept-edit' ? { managed, migration } : [],
  )

/** Opens what these steps need, each when it is needed first. */
export const openMigrateTools = (
  steps: readonly Step[],
  { provenance, lost, stop, lane = 0, turns = openTurns(), ...options }: MigrateToolsOptions,
): MigrateTools & AsyncDisposable => {
  const { engine, run, onProgress, applied, interrupt } = options
  const files = filesOf(steps)
  const ahead = openRowAhead(engine.server)
  const shared = openBatches(engine.followsDbmate ? steps : [], files)
  let opened: Promise<Dbmate> | undefined
  let about: Promise<[Provenance, ReadonlySet<string>]> | undefined
  let asked = ''
  const dbmate = (): Promise<Dbmate> => {
    opened ??= engine.openDbmate(
      files.map((file) => ({ ...file, ...shared.nameOf(file) })),
      lane,
    )
    return opened
  }
  const readOnce = (): Promise<[Provenance, ReadonlySet<string>]> => {
    about ??= Promise.all([provenance(), readKnownSettings(engine.server, [clientCheck])])
    return about
  }
  const endNow = async (): Promise<void> => {
    // The backend first: without its client it would go on with the statement.
    await engine.cancel().catch(() => {})
    await (await opened)?.abort()
  }
  stop.addEventListener('abort', () => void endNow().catch(() => {}))
  const giveUp = async (): Promise<void> => (await opened)?.abort()
  lost?.addEventListener('abort', () => {
    shared.halt()
    // dbmate may wait for the same silence, and its session has no end.
    if (lost.reason === ('silent' satisfies LossReason)) giveUp().catch(() => {})
  })
  const nextOf = (step: Step): Migration | undefined => {
    const next = interrupt.aborted || lost?.aborted ? undefined : nextFile(steps, step)
    return next && shared.isShared({ ...step, migration: next }) ? undefined : next
  }
  const forFile: MigrateTools['forFile'] = async (step) => {
    const { managed, migration } = step
    if (asked !== managed.database) await engine.server.leave(asked)
    asked = managed.database
    const [from, known] = await readOnce()
    return {
      ...options,
      turns,
      migration,
      next: () => nextOf(step as Step),
      ahead,
      provenance: from,
      known,
      managed: await applied.place(managed),
      dbmate: await dbmate(),
    }
  }
  return {
    engine,
    run,
    onProgress,
    dbmate,
    provenance: async () => (await readOnce())[0],
    forFile,
    created: shared.created,
    batchOf: (step) => shared.batchOf(step, forFile),
    isBegun: shared.isBegun,
    halt: shared.halt,
    [Symbol.asyncDispose]: async () => {
      if (!stop.aborted) await ahead.drop()
      await (await opened?.catch(() => undefined))?.[Symbol.asyncDispose]()
    },
  }
}
