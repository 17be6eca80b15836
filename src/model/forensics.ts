import type { LedgerEntry } from './ledger.ts'
import type { Migration } from './types.ts'

/** What `pg_index` says of an index by that name. */
export type IndexState = 'valid' | 'invalid' | 'absent'

/** How far a file got that a dead run left, and what has to be done about it. */
export type Finding =
  /** Postgres took it back, or it never began: the row is settled, the file runs again. */
  | { kind: 'undone'; entry: LedgerEntry }
  /** It stands in the table of versions: the run died after that. */
  | { kind: 'done'; entry: LedgerEntry }
  /** Its work is there and its version is not. */
  | { kind: 'unrecorded'; version: string; file: string; why: string; sql: readonly string[] }
  /** Nobody can tell from outside. */
  | {
      kind: 'unclear'
      version: string
      file: string
      sql: { done: readonly string[]; undone: readonly string[] }
    }

const concurrentIndex =
  /^\s*create\s+(?:unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?("(?:[^"]|"")+"|[\w$]+)\s+on\b/im
const comments = /--.*$/gm

/** The index that a file builds concurrently, as written (perhaps quoted), if that is what it does. */
export const concurrentIndexOf = ({ up, transaction }: Migration): string | undefined =>
  transaction ? undefined : concurrentIndex.exec(up.replace(comments, ''))?.[1]

export type Evidence = {
  /** Files that are not recorded. */
  unapplied: readonly Migration[]
  recorded: ReadonlySet<string>
  /** Rows that say `running`, of runs that are not alive. */
  abandoned: readonly LedgerEntry[]
  indexes: ReadonlyMap<string, IndexState>
  /** dbmate's table of versions, quoted for SQL. */
  versionsTable: string
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

const record = (version: string, table: string): string =>
  `insert into ${table} (version) values (${literal(version)});`

const examineIndex = (
  migration: Migration,
  index: string,
  { indexes, versionsTable }: Evidence,
): Finding | undefined => {
  const { version, file } = migration
  const base = { kind: 'unrecorded' as const, version, file }
  switch (indexes.get(index)) {
    case 'valid':
      return { ...base, why: `the index ${index} is there and valid`, sql: [record(version, versionsTable)] }
    case 'invalid':
      return {
        ...base,
        why: `the index ${index} was left INVALID`,
        sql: [`drop index concurrently ${index};`],
      }
    default:
      return undefined
  }
}

const examineEntry = (entry: LedgerEntry, evidence: Evidence): Finding => {
  const { id, version, file } = entry
  if (evidence.recorded.has(version)) return { kind: 'done', entry }
  const migration = evidence.unapplied.find((candidate) => candidate.version === version)
  if (!migration || migration.transaction || concurrentIndexOf(migration)) return { kind: 'undone', entry }
  const settle = (outcome: string): string =>
    `update po_migrate.ledger set outcome = ${literal(outcome)} where id = ${id};`
  const done = [record(version, evidence.versionsTable), settle('done')]
  return { kind: 'unclear', version, file, sql: { done, undone: [settle('failed')] } }
}

/**
 * What dead runs left in one database. A transactional file was rolled back or recorded; a concurrent index build can be
 * read from the catalog; any other file outside a transaction may have done part of its work, and only a person can tell.
 */
export const examine = (evidence: Evidence): Finding[] => {
  const built = evidence.unapplied.flatMap((migration) => {
    const index = concurrentIndexOf(migration)
    return (index === undefined ? undefined : examineIndex(migration, index, evidence)) ?? []
  })
  return [...built, ...evidence.abandoned.map((entry) => examineEntry(entry, evidence))]
}
