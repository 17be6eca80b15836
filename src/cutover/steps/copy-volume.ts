import { makeCopyVolume, readMade } from '../../io/docker/volume-life.ts'
import { isReset } from '../../model/cutover.ts'
import { copyOver } from '../copy-over.ts'
import type { CutoverKind } from '../tools.ts'

export type CopyVolume = { kind: 'copy-volume'; volume: string; copy: string }

/** Keeps what the volume holds. A server that crashed is no reason not to: it would recover from the copy as well. */
export const copyVolume: CutoverKind<CopyVolume> = {
  words: ({ volume, copy }) => [volume, `copy to ${copy}, compare`],
  perform: async ({ volume, copy }, { tools }) => {
    const { docker, frame, host } = tools
    await makeCopyVolume(docker.client, { ...frame, volume, name: copy })
    const requireClean = frame.command === 'cutover' && !isReset(host.cutover)
    const made = await readMade(docker.client, volume)
    return { ...(await copyOver(tools, { from: volume, to: copy, requireClean })), ...(made && { made }) }
  },
}
