/** A kept backup, and the names of the databases that it holds. */
export type Holding = { directory: string; databases: readonly string[] }

export type PruneRule = {
  /** How many of the newest stay, whatever they hold. */
  retain: number
  /** Names on the server: of each the newest backup stays too, however old it is. */
  managed: readonly string[]
  /** Directories of what a run made or needs. */
  keep: ReadonlySet<string>
}

/** Directories of the backups that may go, oldest first; `backups` are oldest first. */
export const planPrune = (backups: readonly Holding[], { retain, managed, keep }: PruneRule): string[] => {
  const held = new Set<string>()
  const old: string[] = []
  for (const [age, { directory, databases }] of [...backups].reverse().entries()) {
    const isLast = databases.some((name) => managed.includes(name) && !held.has(name))
    if (age >= retain && !isLast && !keep.has(directory)) old.unshift(directory)
    else for (const name of databases) held.add(name)
  }
  return old
}
