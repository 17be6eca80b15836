import { AppError } from '../errors.ts'
import type { Server } from '../io/postgres/postgres.ts'
import { untakenFiles } from '../model/history.ts'
import type { Provenance } from '../model/ledger.ts'
import type { DatabaseState } from '../model/types.ts'
import { plural } from '../report/render.ts'

const untakenIn = (state: DatabaseState) =>
  state.exists && !state.obstacle ? untakenFiles(state).flatMap(({ migration }) => migration ?? []) : []

/** Whether files were applied of which the ledger knows no text. */
export const hasUntaken = (databases: readonly DatabaseState[]): boolean =>
  databases.some((state) => untakenIn(state).length > 0)

const takenIn = 'taken in, unproven: their edits are found from now on'

export type TakeInOptions = { run: string; provenance: () => Promise<Provenance> }

/**
 * Takes in the files that were applied before there was a ledger; answers what is to be said of it, a line each. A ledger that
 * takes no row stops no run for this: it is told, and the next run tries again.
 */
export const takeInFiles = async (
  server: Server,
  databases: readonly DatabaseState[],
  { run, provenance }: TakeInOptions,
): Promise<string[]> => {
  const told: string[] = []
  const many = new Map<string, number>()
  for (const state of databases) {
    const migrations = untakenIn(state)
    const { database } = state.managed
    if (migrations.length === 0) continue
    // Loaded when there is something to take in.
    const { takeIn } = await import('../io/postgres/ledger-adoption.ts')
    const files = `${plural(migrations.length, 'file')} applied before`
    try {
      await takeIn(server, { run, database, migrations, provenance: await provenance() })
      if (state.managed.member) await server.leave(database)
      const { member } = state.managed
      if (member) many.set(member.fleet, (many.get(member.fleet) ?? 0) + 1)
      else told.push(`${database}: ${files} ${takenIn}`)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      told.push(`${database}: ${files} cannot be taken in: ${error.message}`)
    }
  }
  for (const [fleet, count] of many)
    told.push(`${fleet}: files applied before, in ${plural(count, 'database')}, ${takenIn}`)
  return told
}
