import type { LedgerEntry } from './ledger.ts'
import { sectionOf } from './migration.ts'
import type { Migration } from './types.ts'

/** An index and its table, as a file writes them: perhaps quoted, the table perhaps with its schema. */
export type ConcurrentIndex = {
  name: string
  table: string
  /** `btree (a, b)`, `unique btree (a)`; absent where it is more than columns, and cannot be compared. */
  shape?: string
}

/** An index that is there; `reference` names it for any session, `definition` is Postgres' own. */
export type FoundIndex = { reference: string; valid: boolean; definition: string }

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
  /^\s*create\s+(unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?("(?:[^"]|"")+"|[\w$]+)\s+on\s+(?:only\s+)?((?:(?:"(?:[^"]|"")+"|[\w$]+)\s*\.\s*)?(?:"(?:[^"]|"")+"|[\w$]+))\s*([^;]*)/im
const columnsOnly = /^(?:using\s+(\w+)\s*)?\(\s*((?:[\w$]+|"[^"]+")(?:\s*,\s*(?:[\w$]+|"[^"]+"))*)\s*\)\s*$/i
const column = /[\w$]+|"[^"]+"/g
const definition = /^CREATE (UNIQUE )?INDEX .* (USING \w+ .*)$/s
const comments = /--.*$/gm

/** The index that a file builds concurrently, if that is what it does. */
export const concurrentIndexOf = ({ up, transaction }: Migration): ConcurrentIndex | undefined => {
  const found = transaction ? null : concurrentIndex.exec(up.replace(comments, ''))
  const [, unique, name, table, rest = ''] = found ?? []
  if (name === undefined || table === undefined) return undefined
  const shape = shapeOf(unique !== undefined, rest)
  return { name, table, ...(shape !== undefined && { shape }) }
}

const identifier = (written: string): string =>
  written.startsWith('"') ? written.slice(1, -1) : written.toLowerCase()

/** What an index on plain columns is, however it is written. */
const shapeOf = (unique: boolean, rest: string): string | undefined => {
  const [, method = 'btree', columns] = columnsOnly.exec(rest.trim()) ?? []
  if (columns === undefined) return undefined
  const names = columns.match(column)?.map(identifier) ?? []
  return `${unique ? 'unique ' : ''}${method.toLowerCase()} (${names.join(', ')})`
}

/** Name and table alone do not identify an index: one on other columns is another one. */
const isAnother = ({ shape }: ConcurrentIndex, found: FoundIndex): boolean => {
  const [, unique, rest] = definition.exec(found.definition) ?? []
  return shape !== undefined && rest !== undefined && shapeOf(unique !== undefined, rest) !== shape
}

export type Evidence = {
  /** Every file that can be read. */
  files: readonly Migration[]
  /** Those of them that are not recorded. */
  unapplied: readonly Migration[]
  recorded: ReadonlySet<string>
  /** Rows that say `running`, of runs that are not alive. */
  abandoned: readonly LedgerEntry[]
  /** The newest attempt at each version. */
  last: ReadonlyMap<string, LedgerEntry>
  /** By the names in which the files write them. */
  indexes: ReadonlyMap<string, FoundIndex>
  /** dbmate's table of versions, quoted for SQL. */
  versionsTable: string
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** As it was built: without keeping other sessions from the table. */
export const dropIndex = (reference: string): string => `drop index concurrently ${reference};`

const record = (version: string, table: string): string =>
  `insert into ${table} (version) values (${literal(version)});`

const forget = (version: string, table: string): string =>
  `delete from ${table} where version = ${literal(version)};`

/** Only an attempt that did not end well makes an index evidence: without one, it was there before, or built by hand. */
const examineIndex = (
  { version, file }: Migration,
  wanted: ConcurrentIndex,
  { indexes, last, versionsTable }: Evidence,
): Finding | undefined => {
  const index = indexes.get(wanted.name)
  const { direction, outcome } = last.get(version) ?? {}
  if (!index || direction !== 'up' || outcome === 'done' || isAnother(wanted, index)) return undefined
  const base = { kind: 'unrecorded' as const, version, file }
  if (!index.valid)
    return {
      ...base,
      why: `the index ${wanted.name} was left INVALID`,
      sql: [dropIndex(index.reference)],
    }
  // A failed attempt was refused by Postgres: a valid index is somebody else's.
  if (outcome !== 'running') return undefined
  return {
    ...base,
    why: `the index ${wanted.name} is there and valid`,
    sql: [record(version, versionsTable)],
  }
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
