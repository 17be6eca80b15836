import { removeVolume } from '../../io/docker/volume-life.ts'
import type { CutoverKind } from '../tools.ts'

export type RemoveCopy = { kind: 'remove-copy'; copy: string }

export const removeCopy: CutoverKind<RemoveCopy> = {
  words: ({ copy }) => [copy, 'remove: it holds nothing that is not in the volume'],
  perform: async ({ copy }, { tools: { docker } }) => {
    await removeVolume(docker.client, copy)
    return undefined
  },
}
