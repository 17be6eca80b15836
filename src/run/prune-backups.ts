import { listBackups, removeBackups } from '../io/backup-directory.ts'
import { readManifest } from '../io/manifest.ts'
import type { Removal } from '../model/manifest.ts'
import type { State } from '../model/state.ts'
import { type PruneRule, planPrune } from '../plan/prune.ts'

/** What cannot be read holds nothing that could be restored. */
const readHeld = (directory: string): string[] => {
  try {
    return readManifest(directory).databases.map(({ inventory }) => inventory.name)
  } catch {
    return []
  }
}

/** Removes the backups of an environment that newer ones make needless; `of` as in `backupName`. */
export const pruneBackups = ({ state, of, ...rule }: PruneRule & { state: State; of: string }): Removal => {
  const backups = listBackups(state, of).map((directory) => ({ directory, databases: readHeld(directory) }))
  return removeBackups(planPrune(backups, rule))
}
