import type { Kind } from '../../model/kind.ts'
import type { BackupTools } from './backup-kinds.ts'

export type KeepBackup = { kind: 'keep-backup'; directory: string }

export const keepBackup: Kind<KeepBackup, BackupTools> = {
  words: ({ directory }) => ['backup', `keep as ${directory}`],
  line: ({ directory }) => `keep ${directory}`,
  perform: async (_, { backup }) => void (await (await backup()).keep()),
  left: (_, status) => (status === 'done' ? [] : ['no backup was kept']),
}
