import type { Kind } from '../../model/kind.ts'
import type { BackupTools } from './backup-kinds.ts'

export type DumpRoles = { kind: 'dump-roles' }

export const dumpRoles: Kind<DumpRoles, BackupTools> = {
  words: () => ['roles', 'dump'],
  line: () => ['roles', 'dump'],
  perform: async (_, { backup }) => (await backup()).dumpGlobals(),
}
