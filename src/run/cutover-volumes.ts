import { copyVolume } from '../io/volume-copy.ts'
import { makeCopyVolume, readCopies, readMade, removeVolume, wipeVolume } from '../io/volume-life.ts'
import type { Facts } from '../model/journal.ts'
import { isReset } from '../plan/cutover.ts'
import type { CutoverTools, StepResult } from './cutover-tools.ts'

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
  await makeCopyVolume(docker.docker, { name: copy, volume, run: frame.run })
  const requireClean = frame.command === 'cutover' && !isReset(host.cutover)
  const made = await readMade(docker.docker, volume)
  return { ...(await copyOver(tools, { from: volume, to: copy, requireClean })), ...(made && { made }) }
}

export const bringBack = (
  tools: CutoverTools,
  { volume, copy }: { volume: string; copy: string },
): Promise<StepResult> => copyOver(tools, { from: copy, to: volume, requireClean: false })

export const wipe = async (
  { docker, frame, host, image }: CutoverTools,
  volume: string,
  { made = frame.made, copied }: Facts,
): Promise<undefined> => {
  const { run, copy } = frame
  const { project } = host.stack
  await wipeVolume(docker.docker, { volume, project, run, image, made, ...(copied && { copy }) })
  return undefined
}

/** The newest stay, as many as `retain:` says. */
export const discardCopies = async (
  { docker, host, report }: CutoverTools,
  volume: string,
): Promise<StepResult> => {
  const copies = await readCopies(docker.docker, volume)
  const old = copies.slice(0, Math.max(0, copies.length - host.cutover.retain))
  for (const { name } of old) await removeVolume(docker.docker, name)
  if (old.length > 0) report.note(`removed ${old.map(({ name }) => name).join(', ')}`)
  return { discarded: old.map(({ name }) => name) }
}

export const removeCopy = async ({ docker }: CutoverTools, copy: string): Promise<undefined> => {
  await removeVolume(docker.docker, copy)
  return undefined
}
