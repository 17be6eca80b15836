import type { Removal } from '../model/manifest.ts'
import { describeMoment, isAhead } from '../model/moment.ts'
import { quote } from '../model/quote.ts'
import { plural, renderDuration, renderTable } from '../report/render.ts'

const units = ['bytes', 'kB', 'MB', 'GB', 'TB']

/** 812 bytes, 12.3 MB: decimal, as disks are sold. */
export const renderBytes = (bytes: number): string => {
  const power = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3))
  return power === 0 ? `${bytes} ${units[0]}` : `${(bytes / 1000 ** power).toFixed(1)} ${units[power]}`
}

export type Transfer = { bytes: number; rate: number; total?: number }

/** `12.3 of 45.6 MB, 8.1 MB/s`. */
export const renderTransfer = ({ bytes, rate, total }: Transfer): string =>
  `${renderBytes(bytes)}${total === undefined ? '' : ` of ${renderBytes(total)}`}, ${renderBytes(Math.round(rate))}/s`

export type BackupSummary = {
  environment: string
  directory: string
  databases: readonly { bytes: number; inventory: { name: string; tables: readonly { rows: number }[] } }[]
  ms: number
}

/** `qual: 3 databases, 1204 rows backed up and proven in 12.3 s: /var/lib/po-migrate/backups/qual-… (4.5 MB)`. */
export const renderBackup = ({ environment, directory, databases, ms }: BackupSummary): string => {
  const rows = databases
    .flatMap(({ inventory }) => inventory.tables)
    .reduce((sum, table) => sum + table.rows, 0)
  const bytes = databases.reduce((sum, database) => sum + database.bytes, 0)
  return `${environment}: ${plural(databases.length, 'database')}, ${plural(rows, 'row')} backed up and proven in ${renderDuration(ms)}: ${directory} (${renderBytes(bytes)})\n`
}

type Dated = { directory: string; manifest: { takenAt: string } | undefined }

/** Of those whose date this clock has not reached: a clock was wrong, then or now. What counts is which came later. */
export const renderAhead = (backups: readonly Dated[], now: number): string[] =>
  backups.flatMap(({ directory, manifest }) =>
    manifest && isAhead(manifest.takenAt, now)
      ? `${directory} is ${describeMoment(manifest.takenAt, now)}; it counts as older than this one`
      : [],
  )

/** `removed …/qual-…, which a run that died had left`; what could not be removed with the command that does. */
export const renderRemoval = ({ removed, left }: Removal, why?: string): string[] => [
  ...removed.map((directory) => `removed ${directory}${why ? `, ${why}` : ''}`),
  ...left.map(
    (one) => `${one.directory} stays: ${one.why}; to remove it: sudo rm -r ${quote(one.directory)}`,
  ),
]

export type Replacement = {
  database: string
  /** What is there now; nothing: it does not exist. */
  present: { size: number; tables: number; rows: number } | 'closed' | undefined
  rows: number
  tables: number
  takenAt: string
}

/** What a restore replaces by what, one line a database. */
export const renderReplacements = (replacements: readonly Replacement[]): string =>
  renderTable(
    replacements.map(({ database, present, rows, tables, takenAt }) => [
      database,
      renderPresent(present),
      `becomes ${plural(tables, 'table')}, ${plural(rows, 'row')} of ${takenAt.slice(0, 16).replace('T', ' ')} UTC`,
    ]),
  )

const renderPresent = (present: Replacement['present']): string => {
  if (present === undefined) return 'does not exist'
  if (present === 'closed') return 'lets nobody in'
  return `${plural(present.tables, 'table')}, about ${plural(present.rows, 'row')}, ${renderBytes(present.size)}`
}

export type RestoreSummary = {
  environment: string
  directory: string
  swaps: readonly { database: string; replaced: string | null }[]
  ms: number
}

/** `qual: iam_qual restored in 2.1 s from …; what was there stays as iam_qual_before_….` */
export const renderRestore = ({ environment, directory, swaps, ms }: RestoreSummary): string => {
  const names = swaps.map(({ database }) => database).join(', ')
  const kept = swaps.flatMap(({ replaced }) => replaced ?? []).join(', ')
  return `${environment}: ${names} restored in ${renderDuration(ms)} from ${directory}${kept ? `; what was there stays as ${kept}` : ''}.\n`
}
