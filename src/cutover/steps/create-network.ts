import { type CreateNetwork, createNetwork as create } from '../../run/steps/create-network.ts'
import type { CutoverKind } from '../tools.ts'

export const createNetwork: CutoverKind<CreateNetwork> = {
  words: create.words,
  perform: async (step, { tools }) => {
    await create.perform(step, tools)
    return undefined
  },
}
