import type { Kind } from '../../model/kind.ts'
import type { BackupTools } from './backup-kinds.ts'

export type DumpDatabase = { kind: 'dump-database'; database: string }

export const dumpDatabase: Kind<DumpDatabase, BackupTools> = {
  words: ({ database }) => [database, 'dump'],
  line: ({ database }) => [database, 'dump'],
  perform: async ({ database }, { backup }) => (await backup()).dumpDatabase(database),
}
