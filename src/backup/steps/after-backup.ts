import type { Kind } from '../../model/kind.ts'
import type { BackupTools } from './backup-kinds.ts'

export type AfterBackup = { kind: 'after-backup'; directory: string }

export const afterBackup: Kind<AfterBackup, BackupTools> = {
  words: ({ directory }) => ['backup', `after_backup with ${directory}`],
  line: () => 'after_backup',
  // It comes when the backup is kept.
  left: ({ directory }, status) => (status === 'failed' ? [`kept: ${directory}`] : []),
  perform: async ({ directory }, { handOver }) => handOver(directory),
}
