import type { PlannedFile } from '../io/dbmate/dbmate.ts'
import { batchesOf } from '../model/batches.ts'
import type { Step } from '../model/step.ts'
import type { Migration } from '../model/types.ts'

/** Files of one database that share a call of dbmate; `batch` names it. */
export type Together = { batch: string; migrations: readonly [Migration, ...Migration[]] }

/** The batch of a file, if it has one: by the name of its database, then by version. */
export type Batches = ReadonlyMap<string, ReadonlyMap<string, Together>>

const togetherOf = (files: readonly PlannedFile[]): Map<string, Together> => {
  const table = files[0]?.managed.migrationsTable.split('.').at(-1) ?? ''
  const all = files.map(({ migration }) => migration)
  return new Map(
    batchesOf(all, table).flatMap(([first, ...rest]) => {
      const last = rest.at(-1)
      if (!first || !last) return []
      const migrations = [first, ...rest] as const
      const together = { batch: `${first.version}-${last.version}`, migrations }
      return migrations.map(({ version }) => [version, together] as const)
    }),
  )
}

/** Of the databases that these steps make: nobody else is in them. */
export const planBatches = (steps: readonly Step[], files: readonly PlannedFile[]): Batches => {
  const made = new Set(
    steps.flatMap(({ kind, managed }) => (kind === 'create-database' && managed ? managed.database : [])),
  )
  const own = Map.groupBy(
    files.filter(({ managed }) => made.has(managed.database)),
    ({ managed }) => managed.database,
  )
  return new Map([...own].map(([database, planned]) => [database, togetherOf(planned)]))
}
