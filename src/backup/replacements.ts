import { readSummary } from '../io/postgres/inventory.ts'
import type { Server } from '../io/postgres/postgres.ts'
import type { DatabaseInventory } from '../model/inventory.ts'
import type { Manifest } from '../model/manifest.ts'
import type { Plan } from '../model/plan.ts'
import { swapsOf } from './plan/restore.ts'
import type { Replacement } from './report.ts'

/** What a plan brings back from a backup. */
export const restoredBy = (plan: Plan, { databases }: Manifest): DatabaseInventory[] => {
  const names = swapsOf(plan).map(({ database }) => database)
  return databases.map(({ inventory }) => inventory).filter(({ name }) => names.includes(name))
}

/** What is there now, and what it becomes. */
export const readReplacements = async (
  server: Server,
  plan: Plan,
  manifest: Manifest,
): Promise<Replacement[]> => {
  const restored = new Map(restoredBy(plan, manifest).map((inventory) => [inventory.name, inventory]))
  const replacements: Replacement[] = []
  for (const { database, replaced } of swapsOf(plan)) {
    const tables = restored.get(database)?.tables ?? []
    replacements.push({
      database,
      present: replaced === null ? undefined : ((await readSummary(server, database)) ?? 'closed'),
      tables: tables.length,
      rows: tables.reduce((sum, table) => sum + table.rows, 0),
      takenAt: manifest.takenAt,
    })
  }
  return replacements
}
