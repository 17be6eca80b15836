import { AppError, exitCodes } from '../errors.ts'
import { readRuns } from '../io/read-runs.ts'
import type { Position } from '../model/position.ts'
import type { State } from '../model/state.ts'
import type { Host } from '../model/types.ts'
import { commandsOf, describeProgress, describeStanding } from '../report/cutover.ts'

export const readNewest = (state: State, host: Pick<Host, 'name' | 'volume'>): Position | undefined =>
  readRuns(state, host)[0]

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
