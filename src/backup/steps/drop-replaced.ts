import type { Kind } from '../../model/kind.ts'
import type { RestoreTools } from './restore-kinds.ts'

export type DropReplaced = { kind: 'drop-replaced'; database: string }

export const dropReplaced: Kind<DropReplaced, RestoreTools> = {
  words: ({ database }) => [database, 'drop'],
  line: ({ database }) => [database, 'drop'],
  perform: async ({ database }, { restore }) => (await restore()).drop(database),
}
