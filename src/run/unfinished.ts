import { AppError, exitCodes } from '../errors.ts'
import { readVolumeRuns } from '../io/host/read-runs.ts'
import { isReset } from '../model/cutover.ts'
import { isUnfinished, type Position } from '../model/position.ts'
import type { State } from '../model/state.ts'
import type { Host } from '../model/types.ts'
import { describeProgress, describeStanding, renderWaysOn } from '../report/cutover.ts'

/** The newest run about the volume that the host has, finished or not. */
export const readNewest = (state: State, host: Pick<Host, 'name' | 'volume'>): Position | undefined =>
  readVolumeRuns(state, host)[0]

/** Where a host's unfinished run stands, what state the platform is in, and what to type; nothing where there is none. */
export const describeUnfinished = (
  position: Position | undefined,
  confirmed: boolean,
): { message: string; details: string[]; hint: string } | undefined => {
  if (!isUnfinished(position)) return undefined
  const { frame, begun, by } = position
  const when = begun.slice(0, 16).replace('T', ' ')
  return {
    message: `The ${frame.command} of ${frame.host} from ${when} (${by}) is not finished.`,
    details: [describeProgress(position), ...describeStanding(position)],
    hint: renderWaysOn(position, confirmed),
  }
}

/** @throws AppError (exit 4): where the unfinished run stands, what state the platform is in, and the two commands. */
export const refuseUnfinished = (position: Position | undefined, confirmed: boolean): void => {
  const found = describeUnfinished(position, confirmed)
  if (found) throw new AppError(found.message, { exitCode: exitCodes.refused, ...found })
}

/** @throws AppError (exit 4) while a cutover of this host that ended half-way waits. */
export const refuseHalfWay = (state: State, host: Host): void => {
  if (host.cutover) refuseUnfinished(readNewest(state, host), !isReset(host.cutover))
}
