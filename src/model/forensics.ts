import type { LedgerEntry } from './ledger.ts'
import { sectionOf } from './migration.ts'
import type { Migration } from './types.ts'

/** An index and its table, as a file writes them: perhaps quoted, the table perhaps with its schema. */
export type ConcurrentIndex = { name: string; table: string }

/** An index that is there; `reference` names it for any session. */
export type FoundIndex = { reference: string; valid: boolean }

/** How far a file got that a dead run left, and what has to be done about it. */
export type Finding =
  /** Postgres took it back, or it never began: the row is settled, the file runs again. */
  | { kind: 'undone'; entry: LedgerEntry }
  /** The table of versions says what the run wanted: it died after that. */
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
  /^\s*create\s+(?:unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?("(?:[^"]|"")+"|[\w$]+)\s+on\s+(?:only\s+)?((?:(?:"(?:[^"]|"")+"|[\w$]+)\s*\.\s*)?(?:"(?:[^"]|"")+"|[\w$]+))/im
const comments = /--.*$/gm

/** The index that a file builds concurrently, if that is what it does. */
export const concurrentIndexOf = ({ up, transaction }: Migration): ConcurrentIndex | undefined => {
  const [, name, table] = (!transaction && concurrentIndex.exec(up.replace(comments, ''))) || []
  return name !== undefined && table !== undefined ? { name, table } : undefined
}

export type Evidence = {
  /** Every file that can be read. */
  files: readonly Migration[]
  /** Those of them that are not recorded. */
  unapplied: readonly Migration[]
  recorded: ReadonlySet<string>
  /** Rows that say `running`, of runs that are not alive. */
  abandoned: readonly LedgerEntry[]
  /** By the names in which the files write them. */
  indexes: ReadonlyMap<string, FoundIndex>
  /** dbmate's table of versions, quoted for SQL. */
  versionsTable: string
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Beside other sessions' work, as it was built. */
export const dropIndex = (reference: string): string => `drop index concurrently ${reference};`

const record = (version: string, table: string): string =>
  `insert into ${table} (version) values (${literal(version)});`

const forget = (version: string, table: string): string =>
  `delete from ${table} where version = ${literal(version)};`

const examineIndex = (
  migration: Migration,
  { name }: ConcurrentIndex,
  { indexes, versionsTable }: Evidence,
): Finding | undefined => {
  const { version, file } = migration
  const base = { kind: 'unrecorded' as const, version, file }
  const index = indexes.get(name)
  if (!index) return undefined
  return index.valid
    ? { ...base, why: `the index ${name} is there and valid`, sql: [record(version, versionsTable)] }
    : { ...base, why: `the index ${name} was left INVALID`, sql: [dropIndex(index.reference)] }
}

const examineEntry = (entry: LedgerEntry, evidence: Evidence): Finding => {
  const { id, version, file, direction } = entry
  const up = direction === 'up'
  if (evidence.recorded.has(version) === up) return { kind: 'done', entry }
  const migration = evidence.files.find((candidate) => candidate.version === version)
  if (!migration || sectionOf(migration, direction).transaction) return { kind: 'undone', entry }
  if (up && concurrentIndexOf(migration)) return { kind: 'undone', entry }
  const settle = (outcome: string): string =>
    `update po_migrate.ledger set outcome = ${literal(outcome)} where id = ${id};`
  const settleVersion = up ? record : forget
  const done = [settleVersion(version, evidence.versionsTable), settle('done')]
  return { kind: 'unclear', version, file, sql: { done, undone: [settle('failed')] } }
}

/**
 * What dead runs left in one database. A transactional file was rolled back or recorded; a concurrent index build can be
 * read from the catalog; any other file outside a transaction may have done part of its work, and only a person can tell.
 */
export const examine = (evidence: Evidence): Finding[] => {
  const built = evidence.unapplied.flatMap((migration) => {
    const index = concurrentIndexOf(migration)
    const finding = index && examineIndex(migration, index, evidence)
    return finding ? [{ version: migration.version, finding }] : []
  })
  // Its row waits for the repair: only then it is known how the file ended.
  const waiting = new Set(built.map(({ version }) => version))
  const abandoned = evidence.abandoned.filter(({ version }) => !waiting.has(version))
  return [...built.map(({ finding }) => finding), ...abandoned.map((entry) => examineEntry(entry, evidence))]
}
