import type { DatabaseState, HistoryEntry, MigrationFile } from './types.ts'

/** dbmate's order: versions are strings and compare as such (`10` comes before `9`). */
export const compareVersions = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

type KnownFile = Pick<MigrationFile, 'version' | 'file' | 'checksum'>

const isEdited = ({ version, checksum }: KnownFile, checksums: ReadonlyMap<string, string>): boolean => {
  const then = checksums.get(version)
  return then !== undefined && checksum !== undefined && checksum !== then
}

/**
 * Files × applied versions → the state of every version, in dbmate's order.
 * A file older than the newest applied version is out of order; an applied version without a file is missing-file;
 * an applied file with another checksum than the ledger's (`checksums`) is edited.
 */
export const history = (
  files: readonly KnownFile[],
  applied: readonly string[],
  checksums: ReadonlyMap<string, string> = new Map(),
): HistoryEntry[] => {
  const done = new Set(applied)
  const newest = [...applied].sort(compareVersions).at(-1)
  const known = new Set(files.map(({ version }) => version))
  const fromFiles = files.map((known): HistoryEntry => {
    const { version, file } = known
    if (done.has(version)) return { version, file, state: isEdited(known, checksums) ? 'edited' : 'applied' }
    const late = newest !== undefined && compareVersions(version, newest) < 0
    return { version, file, state: late ? 'out-of-order' : 'pending' }
  })
  const missing = applied
    .filter((version) => !known.has(version))
    .map((version): HistoryEntry => ({ version, file: null, state: 'missing-file' }))
  return [...fromFiles, ...missing].sort((a, b) => compareVersions(a.version, b.version))
}

/** What `up` would run: pending and out-of-order alike, as dbmate does. */
export const isUnapplied = (entry: HistoryEntry): boolean =>
  entry.state === 'pending' || entry.state === 'out-of-order'

/** Files that are still to run, in dbmate's order. */
export const unappliedFiles = ({
  files,
  applied,
}: Pick<DatabaseState, 'files' | 'applied'>): MigrationFile[] => {
  const unapplied = new Set(
    history(files, applied)
      .filter(isUnapplied)
      .map(({ version }) => version),
  )
  return files.filter(({ version }) => unapplied.has(version))
}

/** Applied files whose text the database never saw: they were applied before it had a ledger. */
export const untakenFiles = ({
  files,
  applied,
  checksums,
}: Pick<DatabaseState, 'files' | 'applied' | 'checksums'>): MigrationFile[] => {
  const done = new Set(applied)
  return files.filter(
    ({ version, migration }) => done.has(version) && !checksums.has(version) && migration !== undefined,
  )
}

/** Whether a file is older than `lint.since`, by number: one in a config may have lost its leading zeros, or have another width. */
export const isHistory = (version: string, since: string | number | undefined): boolean =>
  since !== undefined && BigInt(version || 0) < BigInt(since)
