import { copyOver } from '../copy-over.ts'
import type { CutoverKind } from '../tools.ts'

export type BringBack = { kind: 'bring-back'; volume: string; copy: string }

export const bringBack: CutoverKind<BringBack> = {
  words: ({ volume, copy }) => [volume, `fill from ${copy}, compare`],
  perform: ({ volume, copy }, { tools }) => copyOver(tools, { from: copy, to: volume, requireClean: false }),
}
