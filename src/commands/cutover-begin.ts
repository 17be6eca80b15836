import { AppError, exitCodes } from '../errors.ts'
import type { Position } from '../model/position.ts'
import { isReset, planCutover } from '../plan/cutover.ts'
import { commandsOf, describeProgress, describeStanding } from '../report/cutover.ts'
import { renderSurvey } from '../report/cutover-survey.ts'
import { checkCutover } from '../run/cutover-preflight.ts'
import { requireRoom } from '../run/cutover-room.ts'
import { survey } from '../run/cutover-survey.ts'
import { readCutoverWorld, readNewest } from '../run/cutover-world.ts'
import type { RunResult } from '../run/execute.ts'
import { begin, type CutoverSession } from './cutover-session.ts'
import { paintFor } from './options.ts'

/** @throws AppError (exit 4): where the unfinished run stands, what state the platform is in, and the two commands. */
const refuseUnfinished = (position: Position, confirmed: boolean): void => {
  if (position.outcome) return
  const { frame, begun, by } = position
  const { resume, undo } = commandsOf(frame.host, confirmed)
  throw new AppError(
    `The ${frame.command} of ${frame.host} from ${begun.slice(0, 16).replace('T', ' ')} (${by}) is not finished.`,
    {
      exitCode: exitCodes.refused,
      details: [describeProgress(position), ...describeStanding(position), 'Nothing was touched now.'],
      hint: `${resume}; or, to have everything as it was: ${undo}`,
    },
  )
}

/** A new cutover: everything is checked, planned and shown before the question. */
export const beginCutover = async (session: CutoverSession): Promise<RunResult> => {
  const { run, config, host, opened, options, context } = session
  const newest = readNewest(opened.state, host.name)
  if (newest) refuseUnfinished(newest, !isReset(host.cutover))
  const { docker, servers, passEnv, image, state } = opened
  const world = await readCutoverWorld({ config, host, docker, run: run.id })
  const { environments, containers } = world
  await checkCutover({ docker, host, passEnv, servers, environments, containers })
  if (isReset(host.cutover)) {
    if (world.volumeExists) await requireRoom({ docker, host, run: run.id, image })
    return begin(session, planCutover({ ...world, carried: { databases: [], roles: [] } }))
  }
  const { stop } = context
  const found = await survey(
    {
      docker,
      host,
      servers,
      run: run.id,
      image,
      state,
      report: run.report,
      stop,
      environments,
      drop: options.drop,
      directory: config.directory,
    },
    context,
  )
  const shown = renderSurvey(found, paintFor(context.stderr, options, context))
  return begin(session, planCutover({ ...world, carried: found.carried, dropped: options.drop }), shown)
}
