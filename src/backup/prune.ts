import type { Removal } from '../model/manifest.ts'
import type { State } from '../model/state.ts'
import { type KeptBackup, listBackups, removeBackups } from './directory.ts'
import { type PruneRule, planPrune } from './plan/prune.ts'

/** What cannot be read holds nothing that could be restored. */
const heldBy = ({ manifest }: KeptBackup): string[] =>
  manifest?.databases.map(({ inventory }) => inventory.name) ?? []

/** Removes the project's backups of an environment that newer ones make needless; `of` as in `backupName`. */
export const pruneBackups = ({ state, of, ...rule }: PruneRule & { state: State; of: string }): Removal => {
  const backups = listBackups(state, of).map((kept) => ({
    directory: kept.directory,
    databases: heldBy(kept),
  }))
  return removeBackups(planPrune(backups, rule))
}
