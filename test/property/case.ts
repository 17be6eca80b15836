import type { Book, BookedBackup } from './book.ts'
import { type Content, databasesOf, type WorldIs } from './look.ts'
import type { Versions } from './model.ts'
import type { Operation } from './operation.ts'
import { describeSaid, type Said } from './said.ts'
import type { Site } from './site.ts'

export type Verb = Extract<Operation, { op: 'up' | 'rollback' | 'backup' | 'restore' }>

/** One operation, seen from all sides. */
export type Case = {
  operation: Verb
  site: Site
  said: Said
  before: WorldIs
  after: WorldIs
  book: Book
  /** Of a restore. */
  from?: BookedBackup | undefined
}

export const versionsOf = (is: WorldIs, { site }: Verb): Versions =>
  Object.fromEntries(Object.entries(is.sites[site].databases).map(([name, { versions }]) => [name, versions]))

export const contentsOf = (is: WorldIs, { site, stage }: Verb): [string, Content | undefined][] =>
  databasesOf(stage).map((name) => [name, is.sites[site].databases[name]])

/** What the tables are, whatever the ledger tells of them. */
export const bare = (content: Content | undefined): unknown =>
  content && {
    ...content,
    ledger: undefined,
    indexes: content.indexes.filter((index) => content.versions.includes(index)),
  }

/** A run ended by itself, with nothing in its way. */
export const undisturbed = ({ operation, said }: Case): boolean =>
  operation.fault === undefined && said.exit !== null

export const told = ({ said }: Case): string => describeSaid(said)
