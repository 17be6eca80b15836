import type { Removal } from '../model/manifest.ts'
import type { State } from '../model/state.ts'
import { type KeptBackup, listBackups, removeBackups } from './directory.ts'
import { hasManifest } from './manifest.ts'
import { type PruneRule, planPrune } from './plan/prune.ts'

/** Its manifest is there and tells nothing: a newer release's, or one that this user may not read. Nobody knows what it holds. */
export const isUnread = ({ directory, manifest }: Pick<KeptBackup, 'directory' | 'manifest'>): boolean =>
  !manifest && hasManifest(directory)

/** Without a manifest nothing can be restored. */
const heldBy = ({ manifest }: KeptBackup): string[] =>
  manifest?.databases.map(({ inventory }) => inventory.name) ?? []

/** Removes the project's backups of an environment that newer ones make needless, none that is unread; `of` as in `backupName`. */
export const pruneBackups = ({ state, of, ...rule }: PruneRule & { state: State; of: string }): Removal => {
  const backups = listBackups(state, of)
    .filter((kept) => !isUnread(kept))
    .map((kept) => ({ directory: kept.directory, databases: heldBy(kept) }))
  return removeBackups(planPrune(backups, rule))
}
