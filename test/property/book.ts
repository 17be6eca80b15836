import type { Content, WorldIs } from './look.ts'
import { backupsIn } from './look.ts'
import type { Operation, SiteName, Stage } from './operation.ts'

/** A backup, as the test saw it come. */
export type BookedBackup = {
  /** Below the state directory. */
  directory: string
  site: SiteName
  stage: Stage
  /** Without a project: as an older release left it. */
  old: boolean
  contents: Readonly<Record<string, Content>>
}

/** What a sequence has to remember, in the order in which it came. */
export type Book = {
  backups: BookedBackup[]
  /** Replaced databases, and of what. */
  replaced: Map<string, { site: SiteName; database: string }>
  /** Run ids that a site's tool has said. */
  runs: Map<string, SiteName>
}

export const openBook = (): Book => ({ backups: [], replaced: new Map(), runs: new Map() })

export const ownBackups = (book: Book, { site, stage }: { site: SiteName; stage: Stage }): BookedBackup[] =>
  book.backups.filter((backup) => backup.site === site && backup.stage === stage && !backup.old)

/** The backup that a restore takes: among those that are still there. */
export const chooseBackup = (
  book: Book,
  { site, stage, of, which }: Extract<Operation, { op: 'restore' }>,
): BookedBackup | undefined => {
  const found = book.backups.filter(
    (backup) =>
      backup.stage === stage &&
      backup.old === (of === 'old') &&
      (backup.site === site) === (of !== 'foreign'),
  )
  return found[which % found.length]
}

/** Forgets the backups that are no longer there. */
export const forgetGone = (book: Book, is: WorldIs): void => {
  const there = new Set(backupsIn(is))
  book.backups = book.backups.filter(({ directory }) => there.has(directory))
}
