import { AppError, exitCodes } from '../../errors.ts'
import { readComposeParts } from '../../io/docker/compose-parts.ts'
import { volumeExists } from '../../io/docker/volume.ts'
import { isWipedBy, readMade, wipeVolume as wipe } from '../../io/docker/volume-life.ts'
import { type CutoverKind, ownerOf } from '../tools.ts'

export type WipeVolume = { kind: 'wipe-volume'; volume: string }

export const wipeVolume: CutoverKind<WipeVolume> = {
  words: ({ volume }) => [volume, 'wipe'],
  // Somebody may have removed the copy since it was compared.
  findLack: async ({ volume }, { tools, facts: { copied } }) => {
    if (!copied) return undefined
    const { docker, frame } = tools
    const { run, copy } = frame
    const made = await readMade(docker.client, volume)
    if (!made || isWipedBy(made, run) || (await volumeExists(docker.client, copy))) return undefined
    const error = new AppError(`The copy ${copy} is gone, so ${volume} is not wiped.`, {
      exitCode: exitCodes.failed,
      details: ['Somebody removed it. It is made again first.'],
    })
    return { again: { kind: 'copy-volume', volume, copy }, why: `the copy ${copy} is gone`, error }
  },
  perform: async ({ volume }, { tools, facts: { made = tools.frame.made } }) => {
    const { docker, frame, host, passEnv, image } = tools
    const { stack } = host
    // One that compose makes itself, and never did: as compose would make it.
    const first = made ?? (await readComposeParts(docker, { stack, passEnv })).own.get(volume)
    const owner = { ...ownerOf(tools), run: frame.run }
    await wipe(docker.client, { volume, stack: stack.project, owner, image, made: first })
    return undefined
  },
}
