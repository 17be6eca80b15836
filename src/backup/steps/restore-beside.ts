import type { Kind } from '../../model/kind.ts'
import type { RestoreTools } from './restore-kinds.ts'

export type RestoreBeside = { kind: 'restore-beside'; database: string; beside: string; directory: string }

export const restoreBeside: Kind<RestoreBeside, RestoreTools> = {
  words: ({ database, beside }) => [database, `restore as ${beside}, compare`],
  line: ({ database }) => [database, 'restore beside it, compare'],
  perform: async ({ database, beside }, { restore }) => (await restore()).restoreBeside(database, beside),
}
