import { AppError, type ExitCode, exitCodes } from '../errors.ts'
import type { DatabaseState } from '../model/types.ts'
import type { DriftedDatabase } from '../report/drift-documents.ts'
import { describeError, type Report } from '../report/report.ts'
import { isOfOne } from '../run/world.ts'
import { type DriftRequest, type Laid, openDriftReader } from './drift.ts'
import { describeDifference } from './report.ts'

/** One database, and what it alone would make the run answer. */
export type Told = { state: DatabaseState; entry: DriftedDatabase; exit: ExitCode }

/** Databases with the same differences share their description. */
const describeOnce = (): ((laid: Laid) => Pick<DriftedDatabase, 'differences' | 'unread' | 'sql'>) => {
  const known = new Map<Laid, Pick<DriftedDatabase, 'differences' | 'unread' | 'sql'>>()
  return (laid) => {
    const { differences, unread, sql } = laid
    const told = known.get(laid) ?? {
      differences: differences.map(describeDifference),
      ...(unread !== undefined && { unread }),
      ...(sql && { sql: [...sql] }),
    }
    known.set(laid, told)
    return told
  }
}

/** A server that is gone is gone for all of a fleet: each of a thousand would wait for it anew. */
const isOfAll = (error: AppError, { managed }: DatabaseState): boolean =>
  managed.member !== undefined && error.exitCode === exitCodes.unreachable && !isOfOne(error)

const emptyOf = ({ managed: { name, database, member }, exists }: DatabaseState): DriftedDatabase => ({
  ...{ name, database, exists, applied: 0, differences: [] },
  ...(member && { fleet: member.fleet }),
})

/** Every database, one after the other; one that cannot be compared keeps nobody from the others. */
export const driftAll = async (
  databases: readonly DatabaseState[],
  request: DriftRequest,
  { progress }: Pick<Report, 'progress'>,
): Promise<Told[]> => {
  const read = openDriftReader(request)
  const describe = describeOnce()
  const tell = async (state: DatabaseState): Promise<Told> => {
    const nothing = emptyOf(state)
    if (!state.exists && !state.obstacle) return { state, entry: nothing, exit: exitCodes.done }
    try {
      const { applied, laid } = await read(state)
      const exit = laid.differences.length > 0 ? exitCodes.pending : exitCodes.done
      return { state, entry: { ...nothing, applied, ...describe(laid) }, exit }
    } catch (error) {
      if (!(error instanceof AppError) || request.signal.aborted || isOfAll(error, state)) throw error
      return { state, entry: { ...nothing, error: describeError(error) }, exit: error.exitCode }
    } finally {
      if (state.managed.member) await request.live.server.leave(state.managed.database)
    }
  }
  const told: Told[] = []
  for (const [index, state] of databases.entries()) {
    const count = databases.length > 1 ? ` (${index + 1} of ${databases.length})` : ''
    progress(`${state.managed.database}: beside what its files make${count}`)
    told.push(await tell(state))
  }
  return told
}

/** What could not be told at all comes before what differs. */
export const exitOfDrift = (told: readonly Pick<Told, 'exit'>[]): ExitCode => {
  const exits = told.map(({ exit }) => exit)
  return (
    exits.find((exit) => exit !== exitCodes.done && exit !== exitCodes.pending) ??
    (exits.includes(exitCodes.pending) ? exitCodes.pending : exitCodes.done)
  )
}
