import { AppError, exitCodes } from '../errors.ts'
import { readStack } from '../io/docker/stack.ts'
import { volumeExists } from '../io/docker/volume.ts'
import { appendJournal } from '../io/host/journal.ts'
import { readVolumeRuns } from '../io/host/read-runs.ts'
import { describeProgress } from '../report/cutover.ts'
import type { RunResult } from '../run/run-result.ts'
import { readNewest } from '../run/unfinished.ts'
import { begin, type CutoverSession, proceed } from './conduct.ts'
import { requireCopySpace } from './disk-space.ts'
import { refuseForeign, refuseOthersVolume } from './foreign-runs.ts'
import { findTarget, planUndo } from './plan/undo.ts'
import { checkUndo } from './preflight.ts'
import { renderSince } from './report/undo-survey.ts'
import { rewindIfStarted, startIfDown } from './rewind.ts'
import { readSince } from './undo-survey.ts'
import { readUndoContainers } from './world.ts'

const nothing = (what: 'resume' | 'undo', { config, host, opened }: CutoverSession): AppError => {
  refuseForeign({ state: opened.state, host, config }, what)
  return new AppError(`There is nothing to ${what} on ${host.name}.`, {
    exitCode: exitCodes.refused,
    hint: `po-migrate cutover ${host.name}`,
  })
}

/** Finishes what was begun. */
export const resumeCutover = async (session: CutoverSession): Promise<RunResult> => {
  const { opened, run, host } = session
  const position = readNewest(opened.state, host)
  if (!position || position.outcome) throw nothing('resume', session)
  await refuseOthersVolume(opened.docker.client, { state: opened.state, host }, position)
  const { frame } = position
  if (session.handOver) return proceed(session, frame.run)
  run.report.note(`the ${frame.command} ${frame.run}: ${describeProgress(position)}`)
  const at = new Date().toISOString()
  appendJournal(opened.state, frame.run, { entry: 'resumed', at, by: opened.by })
  const tools = opened.tools(frame)
  await rewindIfStarted(tools, position)
  await startIfDown(tools, position)
  return proceed(session, frame.run)
}

/** Takes back the newest run that changed something, finished or not, as a run of its own. */
export const undoCutover = async (session: CutoverSession): Promise<RunResult> => {
  const { opened, run, host, context } = session
  const { docker, servers, image } = opened
  const found = findTarget(readVolumeRuns(opened.state, host))
  if (!found) throw nothing('undo', session)
  await refuseOthersVolume(docker.client, { state: opened.state, host }, found.target)
  const { target, isHalfMade } = found
  const isThere = await volumeExists(docker.client, host.volume)
  const planned = planUndo({
    run: run.id,
    host,
    ...found,
    volumeExists: isThere,
    copyExists: await volumeExists(docker.client, target.frame.copy),
    containers: await readUndoContainers(docker, host, target),
    image: (await readStack(docker.client, host.stack.project))[0]?.image,
  })
  const { from, copy: name, fromImage } = planned.frame
  await checkUndo({ docker, host, passEnv: opened.passEnv }, fromImage)
  const copy = from === undefined ? undefined : name
  if (planned.plan.steps.some(({ kind }) => kind === 'copy-volume'))
    await requireCopySpace({ docker, host, run: run.id, image, state: opened.state })
  const since = await readSince({
    docker,
    host,
    servers,
    target,
    interrupt: context.interrupt,
    report: run.report,
  })
  return begin(session, planned, renderSince(since, { target, copy, isHalfMade }))
}
