import { AppError, exitCodes } from '../errors.ts'
import { listJournals, readJournal } from '../io/journal.ts'
import { foldJournal, type Position } from '../model/position.ts'
import type { State } from '../model/state.ts'
import { commandsOf, describeProgress, describeStanding } from '../report/cutover.ts'

/** The runs of this host by the journals, newest first, finished or not. */
export function* readRuns(state: State, host: string): Generator<Position> {
  for (const run of listJournals(state).reverse()) {
    const position = foldJournal(readJournal(state, run))
    if (position?.frame.host === host) yield position
  }
}

export const readNewest = (state: State, host: string): Position | undefined =>
  readRuns(state, host).next().value ?? undefined

/** @throws AppError (exit 4): where the unfinished run stands, what state the platform is in, and the two commands. */
export const refuseUnfinished = (position: Position | undefined, confirmed: boolean): void => {
  if (!position || position.outcome) return
  const { frame, begun, by } = position
  const { resume, undo } = commandsOf(frame.host, confirmed)
  throw new AppError(
    `The ${frame.command} of ${frame.host} from ${begun.slice(0, 16).replace('T', ' ')} (${by}) is not finished.`,
    {
      exitCode: exitCodes.refused,
      details: [describeProgress(position), ...describeStanding(position)],
      hint: `${resume}; or, to have everything as it was: ${undo}`,
    },
  )
}
