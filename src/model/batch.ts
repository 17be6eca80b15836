import { sectionOf } from './migration.ts'
import type { ManagedDatabase, Migration } from './types.ts'

/** A file for a database. */
export type FileFor = { managed: ManagedDatabase; migration: Migration }

/**
 * What a session keeps when a transaction ends, or what looks at it: a setting, a role, a temporary or a prepared thing, the
 * last value of a sequence, an advisory lock; a transaction of the file's own; an error that lint was told to ignore. Read
 * generously: a file that only looks like it is merely slower.
 */
const traces = new RegExp(
  [
    'set\\s+(?!null\\b|default\\b|not\\s+null\\b|data\\s+type\\b|statistics\\b|storage\\b|\\()',
    '(?:set_config|reset|discard|setseed|lastval|currval|\\w*advisory_lock\\w*)\\b',
    '(?:temp|temporary|pg_temp|prepare|deallocate|cursor|listen|load|execute|dblink\\w*)\\b',
    '(?:commit|rollback|savepoint|alter\\s+(?:role|user|system|database))\\b',
    'po-migrate:ignore',
  ]
    .map((word) => `\\b(?:${word})`)
    .join('|'),
  'i',
)
/** What runs later, in another file. */
const routine = /\b(?:function|procedure|rule|aggregate|event\s+trigger|extension)\b/i

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

const leavesTraces = ({ managed, migration }: FileFor): boolean => {
  const { versions, migrationsTable } = managed
  const table = new RegExp(literally(versions?.table ?? migrationsTable.split('.').at(-1) ?? ''), 'i')
  return traces.test(migration.text) || table.test(migration.text)
}

/**
 * Files of one database, in order, as they may share a call of dbmate and so its session. One that leaves a trace in it has a
 * call of its own; so have all that follow a routine that may leave one when it is called.
 */
export const batchesOf = <F extends FileFor>(files: readonly F[]): F[][] => {
  const batches: F[][] = []
  let open: F[] | undefined
  let tainted = false
  for (const file of files) {
    const traced = leavesTraces(file)
    if (tainted || traced || !sectionOf(file.migration, 'up').transaction) open = undefined
    else if (open) open.push(file)
    else {
      open = [file]
      batches.push(open)
    }
    tainted ||= traced && routine.test(file.migration.text)
  }
  return batches.filter(({ length }) => length > 1)
}

export type ApplyLine = { file: string; ms: number }

const appliedLine = /^Applied: (.+) in (\d[\w.µ]*)$/gm
const parts = /([\d.]+)(h|ms|µs|us|ns|m|s)/g
const inMs: Readonly<Record<string, number>> = {
  h: 3.6e6,
  m: 60_000,
  s: 1000,
  ms: 1,
  µs: 1e-3,
  us: 1e-3,
  ns: 1e-6,
}

/** Go's way to write a duration, `1m2.5s` or `19.03ms`, in milliseconds. */
export const parseGoDuration = (text: string): number =>
  Math.round(
    [...text.matchAll(parts)].reduce((sum, [, n, unit = '']) => sum + Number(n) * (inMs[unit] ?? 0), 0),
  )

/** What dbmate's lines say so far; it writes `Applied:` for a file that failed, too. Source: pkg/dbmate/db.go. */
export const readApplied = (output: string): ApplyLine[] =>
  [...output.matchAll(appliedLine)].map(([, file = '', took = '']) => ({ file, ms: parseGoDuration(took) }))
