import { AppError, exitCodes } from '../errors.ts'
import type { Server } from '../io/postgres/postgres.ts'
import { concurrentIndexOf } from '../model/forensics.ts'
import { unappliedFiles } from '../model/history.ts'
import type { Aside } from '../model/plan.ts'
import type { DatabaseState } from '../model/types.ts'
import { settleFindings } from './settle.ts'

/** Only these can have something that a dead run left: a look into a thousand others would be for nothing. */
const mayHaveFindings = (state: DatabaseState): boolean =>
  state.open ||
  unappliedFiles(state).some(({ migration }) => migration && concurrentIndexOf(migration) !== undefined)

/**
 * What dead runs left in databases of fleets, settled as in any other; one where only a person can tell how far a file got is
 * left alone, and the others go on.
 */
export const settleMembers = async (
  server: Server,
  databases: readonly DatabaseState[],
): Promise<{ lines: string[]; aside: Aside[] }> => {
  const lines: string[] = []
  const aside: Aside[] = []
  for (const state of databases) {
    const { managed } = state
    if (!managed.member || !mayHaveFindings(state)) continue
    try {
      lines.push(...(await settleFindings(server, [state])))
    } catch (error) {
      if (!(error instanceof AppError) || error.exitCode !== exitCodes.refused) throw error
      const { message, details, hint = '' } = error
      aside.push({ managed, message, details, hint })
    }
    await server.leave(managed.database)
  }
  return { lines, aside }
}
