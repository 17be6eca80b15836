import { readInventory } from '../io/postgres/inventory.ts'
import { readPosition } from '../io/postgres/snapshot.ts'
import type { Position } from '../model/position.ts'
import { transactionsBetween } from '../model/snapshot.ts'
import { lockWhereAnswering } from './lock-where-answering.ts'
import type { CutoverTools } from './tools.ts'

/** What is on the server that an undoing replaces; `transactions` since the target run was through, where it noted that. */
export type Since = {
  transactions: number | undefined
  databases: readonly { name: string; rows: number; bytes: number }[]
}

export type UndoSurveyOptions = Pick<CutoverTools, 'docker' | 'host' | 'servers' | 'interrupt' | 'report'> & {
  target: Position
}

/**
 * What was written since the run that is taken back; nothing when Postgres does not run, or does not answer.
 * @throws AppError (exit 5) while another run has one of the databases.
 */
export const readSince = async ({
  docker,
  host,
  servers,
  target,
  interrupt,
  report,
}: UndoSurveyOptions): Promise<Since | undefined> => {
  const [first = ''] = target.frame.environments
  if (!(await lockWhereAnswering({ docker, host, servers, interrupt, report }))) return undefined
  try {
    const { server } = await servers.engine(first)
    const [position, inventory] = [await readPosition(server), await readInventory(server)]
    const { verified } = target.facts
    return {
      transactions: verified === undefined ? undefined : transactionsBetween(verified, position),
      databases: inventory.databases.map(({ name, size, tables }) => ({
        name,
        bytes: size,
        rows: tables.reduce((sum, table) => sum + table.rows, 0),
      })),
    }
  } catch (error) {
    if (interrupt.aborted) throw error
    return undefined
  }
}
