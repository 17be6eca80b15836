import { dumpAgain } from '../dump.ts'
import type { CutoverKind } from '../tools.ts'

/** A new backup, should anything have been written since the first. */
export type CheckWrites = { kind: 'check-writes'; environment: string }

export const checkWrites: CutoverKind<CheckWrites> = {
  words: () => ['backup', 'take it again, should anything have been written since'],
  perform: ({ environment }, { tools, facts }) => dumpAgain(tools, environment, facts),
}
