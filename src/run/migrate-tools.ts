import type { Dbmate, PlannedFile } from '../io/dbmate/dbmate.ts'
import type { Engine, Progress } from '../io/engine.ts'
import { readKnownSettings } from '../io/postgres/known-settings.ts'
import type { LossReason } from '../io/postgres/lock.ts'
import { batchesOf } from '../model/batch.ts'
import type { Provenance } from '../model/ledger.ts'
import type { Step } from '../model/step.ts'
import type { ManagedDatabase, Migration } from '../model/types.ts'
import { clientCheck } from './attempt.ts'
import { type Batch, openBatch } from './batch.ts'
import type { MigrateFileOptions } from './migrate-file.ts'

/** What the steps of `up` and `rollback` act with. */
export type MigrateTools = {
  engine: Engine
  run: string
  onProgress: Progress
  /** Its container starts with the first step that needs it, and serves all. */
  dbmate: () => Promise<Dbmate>
  /** Read at the first file: before that the image may have to be pulled. */
  provenance: () => Promise<Provenance>
  /** Databases that this run has made: nobody else is in them. */
  created: Set<string>
  /** The call of dbmate that a file shares with others of a database that this run has made. */
  batchOf: (step: { managed: ManagedDatabase; migration: Migration }) => Promise<Batch | undefined>
  /** Whether a step began with an earlier one. */
  isBegun: (step: Step) => boolean
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
}

const filesOf = (steps: readonly Step[]): PlannedFile[] =>
  steps.flatMap(({ kind, managed, migration }) =>
    managed && migration && kind !== 'accept-edit' ? { managed, migration } : [],
  )

/** The files that may share a call, by each of them. */
const planBatches = (steps: readonly Step[]): Map<Migration, readonly PlannedFile[]> => {
  const files = filesOf(steps.filter(({ kind }) => kind === 'apply-migration'))
  const databases = Map.groupBy(files, ({ managed }) => managed.database)
  const batches = [...databases.values()].flatMap((own) => batchesOf(own))
  return new Map(batches.flatMap((batch) => batch.map(({ migration }) => [migration, batch] as const)))
}

/** Opens what these steps need, each when it is needed first. */
export const openMigrateTools = (
  steps: readonly Step[],
  { provenance, lost, stop, ...options }: MigrateToolsOptions,
): MigrateTools & AsyncDisposable => {
  const { engine, run, onProgress, applied } = options
  let opened: Promise<Dbmate> | undefined
  let about: Promise<[Provenance, ReadonlySet<string>]> | undefined
  let asked = ''
  const dbmate = (): Promise<Dbmate> => {
    opened ??= engine.openDbmate(filesOf(steps))
    return opened
  }
  const readOnce = (): Promise<[Provenance, ReadonlySet<string>]> => {
    about ??= Promise.all([provenance(), readKnownSettings(engine.server, [clientCheck])])
    return about
  }
  const created = new Set<string>()
  const plans = planBatches(steps)
  const batches = new Map<readonly PlannedFile[], Batch>()
  const forFile: MigrateTools['forFile'] = async ({ managed, migration }) => {
    if (asked !== managed.database) await engine.server.leave(asked)
    asked = managed.database
    const [from, known] = await readOnce()
    return {
      ...options,
      migration,
      provenance: from,
      known,
      managed: await applied.place(managed),
      dbmate: await dbmate(),
    }
  }
  const batchOf: MigrateTools['batchOf'] = async (step) => {
    const files = plans.get(step.migration)
    if (!(files && created.has(step.managed.database))) return undefined
    const found = batches.get(files)
    if (found) return found
    const { migration: _, dbmate: opened, ...about } = await forFile(step)
    const { migrateAll } = opened
    if (!migrateAll) return undefined
    const migrations = files.map(({ migration }) => migration)
    const batch = openBatch({ ...about, dbmate: { ...opened, migrateAll }, migrations, lost })
    batches.set(files, batch)
    return batch
  }
  const endNow = async (): Promise<void> => {
    // The backend first: without its client it would go on with the statement.
    await engine.cancel().catch(() => {})
    await (await opened)?.abort()
  }
  stop.addEventListener('abort', () => void endNow().catch(() => {}))
  const giveUp = async (): Promise<void> => (await opened)?.abort()
  lost?.addEventListener('abort', () => {
    // dbmate may wait for the same silence, and its session has no end.
    if (lost.reason === ('silent' satisfies LossReason)) giveUp().catch(() => {})
  })
  return {
    engine,
    run,
    onProgress,
    dbmate,
    provenance: async () => (await readOnce())[0],
    created,
    forFile,
    batchOf,
    isBegun: ({ migration }) => {
      const files = migration && plans.get(migration)
      return (files && migration && batches.get(files)?.isBegun(migration)) ?? false
    },
    [Symbol.asyncDispose]: async () => {
      await (await opened?.catch(() => undefined))?.[Symbol.asyncDispose]()
    },
  }
}
