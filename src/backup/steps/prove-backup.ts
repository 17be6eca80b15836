import type { Kind } from '../../model/kind.ts'
import type { BackupTools } from './backup-kinds.ts'

export type ProveBackup = { kind: 'prove-backup' }

export const proveBackup: Kind<ProveBackup, BackupTools> = {
  words: () => ['backup', 'restore into a scratch server, compare'],
  line: () => 'prove: restore into a scratch server, compare',
  perform: async (_, { backup, free }) => {
    await free()
    await (await backup()).prove()
  },
}
