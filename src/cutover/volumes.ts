import { AppError, exitCodes } from '../errors.ts'
import { readComposeParts } from '../io/docker/compose-parts.ts'
import { volumeExists } from '../io/docker/volume.ts'
import {
  isWipedBy,
  makeCopyVolume,
  readCopies,
  readMade,
  removeVolume,
  wipeVolume,
} from '../io/docker/volume-life.ts'
import { appendJournal } from '../io/host/journal.ts'
import { readRuns } from '../io/host/read-runs.ts'
import { type Facts, stepKey } from '../model/journal.ts'
import { isReset } from './plan/cutover.ts'
import type { CutoverTools, StepResult } from './tools.ts'
import { copyVolume } from './volume-copy.ts'

const megabyte = 1e6

const copyOver = async (
  { docker, image, run, stop, report, host }: CutoverTools,
  { from, to, requireClean }: { from: string; to: string; requireClean: boolean },
): Promise<StepResult> => {
  const copied = await copyVolume(docker.docker, {
    from,
    to,
    image,
    run,
    owner: host.volume,
    stop,
    requireClean,
    onProgress: (done, total) => report.progress(`${done.toFixed(0)} of ${total.toFixed(0)} MB`),
  })
  const { bytes, ms } = copied
  report.note(`${from}: ${(bytes / megabyte).toFixed(0)} MB copied to ${to} and compared`)
  return { copied: { bytes, ms } }
}

/** Keeps what the volume holds. A server that crashed is no reason not to: it would recover from the copy as well. */
export const keepVolume = async (
  tools: CutoverTools,
  { volume, copy }: { volume: string; copy: string },
): Promise<StepResult> => {
  const { docker, frame, host } = tools
  await makeCopyVolume(docker.docker, { ...frame, volume, name: copy })
  const requireClean = frame.command === 'cutover' && !isReset(host.cutover)
  const made = await readMade(docker.docker, volume)
  return { ...(await copyOver(tools, { from: volume, to: copy, requireClean })), ...(made && { made }) }
}

export const bringBack = (
  tools: CutoverTools,
  { volume, copy }: { volume: string; copy: string },
): Promise<StepResult> => copyOver(tools, { from: copy, to: volume, requireClean: false })

/**
 * Somebody may have removed the copy since it was compared: then this run goes back to where it is made.
 * @throws AppError (exit 1), with nothing wiped.
 */
const requireCopy = async ({ docker, frame, state }: CutoverTools, volume: string): Promise<void> => {
  const { run, copy } = frame
  const made = await readMade(docker.docker, volume)
  if (!made || isWipedBy(made, run) || (await volumeExists(docker.docker, copy))) return
  const why = `the copy ${copy} is gone`
  const step = stepKey({ kind: 'copy-volume', volume, copy })
  appendJournal(state, run, { entry: 'rewound', at: new Date().toISOString(), step, why })
  throw new AppError(`The copy ${copy} is gone, so ${volume} is not wiped.`, {
    exitCode: exitCodes.failed,
    details: ['Somebody removed it. It is made again first.'],
  })
}

export const wipe = async (
  tools: CutoverTools,
  volume: string,
  { made = tools.frame.made, copied }: Facts,
): Promise<undefined> => {
  const { docker, frame, host, passEnv, image } = tools
  const { stack } = host
  if (copied) await requireCopy(tools, volume)
  // One that compose makes itself, and never did: as compose would make it.
  const first = made ?? (await readComposeParts(docker, { stack, passEnv })).own.get(volume)
  await wipeVolume(docker.docker, { volume, project: stack.project, run: frame.run, image, made: first })
  return undefined
}

/**
 * The run's own copy stays, whatever its date, and of the older ones as many as `retain:` says with it. A copy that another
 * project made is not ours to remove, nor one whose run has its journal elsewhere: it may be all that an unfinished run has.
 */
export const discardCopies = async (
  { docker, frame, host, report, state }: CutoverTools,
  volume: string,
): Promise<StepResult> => {
  const known = new Set(readRuns(state, host).map(({ frame: { run } }) => run))
  const copies = await readCopies(docker.docker, volume)
  const others = copies.filter(({ name, project, run }) => {
    if (name === frame.copy) return false
    return project === undefined || (state.own.includes(project) && known.has(run))
  })
  const own = copies.some(({ name }) => name === frame.copy) ? 1 : 0
  const old = others.slice(0, Math.max(0, others.length + own - host.cutover.retain))
  for (const { name } of old) await removeVolume(docker.docker, name)
  if (old.length > 0) report.note(`removed ${old.map(({ name }) => name).join(', ')}`)
  return { discarded: old.map(({ name }) => name) }
}

export const removeCopy = async ({ docker }: CutoverTools, copy: string): Promise<undefined> => {
  await removeVolume(docker.docker, copy)
  return undefined
}
