import { AppError, exitCodes } from '../../errors.ts'
import { readComposeParts } from '../../io/docker/compose-parts.ts'
import { volumeExists } from '../../io/docker/volume.ts'
import { isWipedBy, readMade, wipeVolume as wipe } from '../../io/docker/volume-life.ts'
import { appendJournal } from '../../io/host/journal.ts'
import { stepKey } from '../../model/step.ts'
import { type CutoverKind, type CutoverTools, ownerOf } from '../tools.ts'

export type WipeVolume = { kind: 'wipe-volume'; volume: string }

/**
 * Somebody may have removed the copy since it was compared: then this run goes back to where it is made.
 * @throws AppError (exit 1), with nothing wiped.
 */
const requireCopy = async ({ docker, frame, state }: CutoverTools, volume: string): Promise<void> => {
  const { run, copy } = frame
  const made = await readMade(docker.client, volume)
  if (!made || isWipedBy(made, run) || (await volumeExists(docker.client, copy))) return
  const why = `the copy ${copy} is gone`
  const step = stepKey({ kind: 'copy-volume', volume, copy })
  appendJournal(state, run, { entry: 'rewound', at: new Date().toISOString(), step, why })
  throw new AppError(`The copy ${copy} is gone, so ${volume} is not wiped.`, {
    exitCode: exitCodes.failed,
    details: ['Somebody removed it. It is made again first.'],
  })
}

export const wipeVolume: CutoverKind<WipeVolume> = {
  words: ({ volume }) => [volume, 'wipe'],
  perform: async ({ volume }, { tools, facts: { made = tools.frame.made, copied } }) => {
    const { docker, frame, host, passEnv, image } = tools
    const { stack } = host
    if (copied) await requireCopy(tools, volume)
    // One that compose makes itself, and never did: as compose would make it.
    const first = made ?? (await readComposeParts(docker, { stack, passEnv })).own.get(volume)
    const owner = { ...ownerOf(tools), run: frame.run }
    await wipe(docker.client, { volume, stack: stack.project, owner, image, made: first })
    return undefined
  },
}
