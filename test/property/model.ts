import { type Operation, rehearsed, type Stage, type StoreName } from './operation.ts'
import type { MigrationFile } from './site.ts'

/** Versions in a database, by its name on the server; absent where it does not exist. */
export type Versions = Readonly<Record<string, readonly string[]>>

export type Files = Readonly<Record<StoreName, readonly MigrationFile[]>>

/** What has to come of a run that nothing disturbs. */
export type Expected = { exit: number; versions: Versions }

/** Of one file after the other: a store's pending ones, up to the first that fails. */
const applyStore = (files: readonly MigrationFile[], applied: readonly string[]) => {
  const pending = files.filter(({ version }) => !applied.includes(version))
  const failing = pending.findIndex(({ kind }) => kind === 'failing')
  const through = failing < 0 ? pending : pending.slice(0, failing)
  return { failed: failing >= 0, versions: [...applied, ...through.map(({ version }) => version)].sort() }
}

/** Databases in the config's order, files in theirs, until the first that fails; none of them where that was rehearsed. */
export const expectUp = (files: Files, before: Versions, stage: Stage): Expected => {
  const expected = expectInOrder(files, before, stage)
  return expected.exit === 1 && rehearsed.has(stage) ? { exit: 1, versions: before } : expected
}

const expectInOrder = (files: Files, before: Versions, stage: Stage): Expected => {
  const versions: Record<string, readonly string[]> = { ...before }
  for (const [store, list] of Object.entries(files)) {
    const name = `${store}_${stage}`
    if (list.length === 0 && !before[name]) continue
    const { failed, versions: after } = applyStore(list, before[name] ?? [])
    versions[name] = after
    if (failed) return { exit: 1, versions }
  }
  return { exit: 0, versions }
}

/** The newest go, and no more can be asked for than are there. */
export const expectRollback = (
  before: Versions,
  { store, stage, steps }: Extract<Operation, { op: 'rollback' }>,
): Expected => {
  const name = `${store}_${stage}`
  const applied = before[name] ?? []
  if (applied.length > 0 && steps > applied.length) return { exit: 2, versions: before }
  if (applied.length === 0) return { exit: 0, versions: before }
  return { exit: 0, versions: { ...before, [name]: applied.slice(0, -steps) } }
}

/** Whether one is a beginning of the other: files are applied in order, and rolled back from the end. */
export const isBetween = (
  versions: readonly string[],
  one: readonly string[],
  other: readonly string[],
): boolean => {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  return (
    versions.length >= short.length &&
    versions.length <= long.length &&
    versions.every((version) => long.includes(version)) &&
    short.every((version) => versions.includes(version))
  )
}

/** A backup of a project's environment, and the databases that it holds. */
export type Kept = { directory: string; databases: readonly string[] }

/** Those that may go after the last one was made, `backups` in the order in which they were made. */
export const expectPruned = (backups: readonly Kept[], retain: number): string[] => {
  const newestOf = new Set(
    [...new Set(backups.flatMap(({ databases }) => databases))].map(
      (database) => backups.findLast(({ databases }) => databases.includes(database))?.directory,
    ),
  )
  return backups
    .slice(0, -retain)
    .map(({ directory }) => directory)
    .filter((directory) => !newestOf.has(directory))
}
