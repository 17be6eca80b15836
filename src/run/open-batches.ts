import type { PlannedFile } from '../io/dbmate/dbmate.ts'
import type { Step } from '../model/step.ts'
import type { ManagedDatabase, Migration } from '../model/types.ts'
import type { Batch } from './batch.ts'
import type { MigrateFileOptions } from './migrate-file.ts'
import { planBatches, type Together } from './plan-batches.ts'

type FileStep = { managed: ManagedDatabase; migration: Migration }

/** Calls of dbmate that several files of a run share. */
export type SharedCalls = {
  /** Its name, by which dbmate finds the file's directory. */
  nameOf: (file: FileStep) => { batch?: string }
  /** Of a file of a database that is in `created`; nothing where the file has a call of its own. */
  batchOf: (
    step: FileStep,
    forFile: (step: FileStep) => Promise<Omit<MigrateFileOptions, 'direction'>>,
  ) => Promise<Batch | undefined>
  /** Whether a file shares its call. */
  isShared: (file: Partial<FileStep>) => boolean
  /** Databases that this run has made. */
  created: Set<string>
  /** Whether a step began with an earlier one, and will end with it. */
  isBegun: (step: Step) => Promise<boolean>
  /** Lets the running file end, and no other begin. */
  halt: () => void
}

export const openBatches = (steps: readonly Step[], files: readonly PlannedFile[]): SharedCalls => {
  const planned = planBatches(steps, files)
  const batches = new Map<Together, Batch>()
  const created = new Set<string>()
  const togetherOf = ({ managed, migration }: Partial<FileStep>): Together | undefined =>
    planned.get(managed?.database ?? '')?.get(migration?.version ?? '')
  const isShared: SharedCalls['isShared'] = (file) =>
    created.has(file.managed?.database ?? '') && togetherOf(file) !== undefined
  return {
    created,
    isShared,
    nameOf: (file) => {
      const batch = togetherOf(file)?.batch
      return { ...(batch && { batch }) }
    },
    batchOf: async (step, forFile) => {
      const found = togetherOf(step)
      if (!found || !isShared(step)) return undefined
      const known = batches.get(found)
      if (known) return known
      // Loaded when there is a database to make.
      const { openBatch } = await import('./batch.ts')
      const batch = openBatch({ ...(await forFile(step)), ...found })
      batches.set(found, batch)
      return batch
    },
    isBegun: async ({ managed, migration }) => {
      const found = managed && migration && togetherOf({ managed, migration })
      return (found && (await batches.get(found)?.isBegun(migration))) ?? false
    },
    halt: () => {
      for (const batch of batches.values()) batch.halt()
    },
  }
}
