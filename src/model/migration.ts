import type { Direction, Migration, MigrationFile, Problem, Section } from './types.ts'

/** dbmate: `^(\d+).*\.sql$`; the version is the leading digits, as a string. */
const fileName = /^(\d+).*\.sql$/
const sqlFile = /\.sql(\.|$)/i
/**
 * dbmate pkg/dbmate/migration.go: column 0, lower case, options after the marker. Go's `\s` is these five characters and
 * its `^` and `$` know only `\n`, so a no-break space, a BOM or a lone CR counts as text here as well.
 */
const marker =
  /(?<![^\n])--[\t\n\f\r ]*migrate:(up|down)(?:[\t\n\f\r ]*(?![^\n])|[\t\n\f\r ]+[^\t\n\f\r ][^\n]*)/g
const looseMarker = /^\s*--\s*migrate\s*:\s*up/im
const commentLine = /^[\t\f\r ]*(--.*)?$/
const markerStart = /^--[\t\n\f\r ]*migrate:(?:up|down)/
const spaces = /[\t\f\r ]+/
const anyTransaction = /^transaction/i
const settledTransaction = /^transaction:(true|false)$/
/** Nested block comments are left as they are: the section then counts as not empty. */
const comments = /--[^\n]*|\/\*(?:(?!\/\*|\*\/)[\s\S])*\*\//g
const lineEnd = /\r?\n/
const irreversibleLine = /^[\t ]*-- po-migrate:irreversible\b[\t ]*(.*)$/m
const needsDataLine = /^[\t ]*-- po-migrate:needs-data\b[\t ]*(.*)$/m

export const parseVersion = (file: string): string | undefined => fileName.exec(file)?.[1]

/**
 * Names that look like migrations and that dbmate would skip without a word (`x_00003.sql`, `00004_a.SQL`);
 * a hidden one is an editor's (`.00001_a.sql.swp`).
 * Source: dbmate pkg/dbmate/db.go, the discovery regex.
 */
export const isSkippedName = (file: string): boolean =>
  !fileName.test(file) && sqlFile.test(file) && !file.startsWith('.')

const byteOrderMark = '\uFEFF'

const lineOf = (text: string, index: number): number => text.slice(0, index).split('\n').length

/** The structural rules that only dbmate's parser has; the ids are those of `lint --explain`. */
type StructuralRule =
  | 'byte-order-mark'
  | 'duplicate-version'
  | 'missing-marker'
  | 'several-sections'
  | 'statement-before-up'
  | 'transaction-option'

const fault = (rule: StructuralRule, place: Pick<Problem, 'file' | 'line' | 'message'>): Problem => ({
  rule,
  level: 'error',
  ...place,
})

const findNoUp = (file: string, text: string): Problem => {
  if (text.startsWith(byteOrderMark)) {
    const message = 'starts with a byte order mark, so dbmate finds no "-- migrate:up" line'
    return fault('byte-order-mark', { file, line: 1, message })
  }
  const message = looseMarker.test(text)
    ? 'its "-- migrate:up" line must start in column 0, in lower case, with plain spaces'
    : 'has no "-- migrate:up" line'
  return fault('missing-marker', { file, line: 1, message })
}

type Markers = { up: RegExpExecArray[]; down: RegExpExecArray[] }

const findMarkers = (text: string): Markers => {
  const all = [...text.matchAll(marker)]
  return { up: all.filter((match) => match[1] === 'up'), down: all.filter((match) => match[1] === 'down') }
}

/** dbmate's pairs of `key:value` on a marker's own line; of a key given twice the last counts. */
const findOptions = ([found]: RegExpExecArray): string[] => {
  const [line = ''] = found.split('\n')
  return line.replace(markerStart, '').split(spaces).filter(Boolean)
}

const isTransactional = (marker: RegExpExecArray): boolean =>
  findOptions(marker).findLast((option) => settledTransaction.test(option)) !== 'transaction:false'

const findLostOptions = (file: string, text: string, markers: readonly RegExpExecArray[]): Problem[] =>
  markers
    .filter((match) =>
      findOptions(match).some((option) => anyTransaction.test(option) && !settledTransaction.test(option)),
    )
    .map((match) => {
      const message = 'has a transaction option that dbmate ignores; it reads only "transaction:false"'
      return fault('transaction-option', { file, line: lineOf(text, match.index), message })
    })

const findProblems = (file: string, text: string, { up, down }: Markers): Problem[] => {
  const [firstUp, secondUp] = up
  const [firstDown, secondDown] = down
  if (!firstUp) return [findNoUp(file, text)]
  const problems: Problem[] = []
  const before = text.slice(0, firstUp.index).split(lineEnd)
  const statement = before.findIndex((line) => !commentLine.test(line))
  if (text.startsWith(byteOrderMark))
    problems.push(
      fault('byte-order-mark', {
        file,
        line: 1,
        message: 'starts with a byte order mark, on which dbmate stops',
      }),
    )
  else if (statement >= 0)
    problems.push(
      fault('statement-before-up', {
        file,
        line: statement + 1,
        message: 'has statements before "-- migrate:up"',
      }),
    )
  if (secondUp) {
    const message = 'has a second "-- migrate:up" section, which dbmate runs but cannot record'
    problems.push(fault('several-sections', { file, line: lineOf(text, secondUp.index), message }))
  }
  if (!firstDown) {
    const message = 'has no "-- migrate:down" line (dbmate needs one, even empty)'
    problems.push(fault('missing-marker', { file, message }))
  } else if (firstDown.index < firstUp.index) {
    const message = 'has "-- migrate:down" before "-- migrate:up"'
    problems.push(fault('several-sections', { file, line: lineOf(text, firstDown.index), message }))
  } else if (secondDown && !secondUp) {
    const message = 'has a second "-- migrate:down" line, on which dbmate stops'
    problems.push(fault('several-sections', { file, line: lineOf(text, secondDown.index), message }))
  }
  return [...problems, ...findLostOptions(file, text, [...up, ...down])]
}

/**
 * Reads one migration by dbmate's rules.
 * Everything dbmate would refuse, or run and lose, comes back as problems, all at once.
 */
export const parseMigration = (file: string, text: string): MigrationFile => {
  const version = parseVersion(file) ?? ''
  const markers = findMarkers(text)
  const problems = findProblems(file, text, markers)
  const [up] = markers.up
  const [down] = markers.down
  if (problems.length > 0 || !up || !down) return { version, file, problems }
  const irreversible = irreversibleLine.exec(text)?.[1]
  const needsData = needsDataLine.exec(text)?.[1]
  const migration = {
    version,
    file,
    text,
    up: text.slice(up.index, down.index),
    upLine: lineOf(text, up.index),
    down: text.slice(down.index),
    downLine: lineOf(text, down.index),
    transaction: isTransactional(up),
    downTransaction: isTransactional(down),
    ...(irreversible !== undefined && { irreversible: irreversible.trim() }),
    ...(needsData !== undefined && { needsData: needsData.trim() }),
  }
  return { version, file, problems, migration }
}

/** The half that a run in this direction sends. */
export const sectionOf = (migration: Migration, direction: Direction): Section =>
  direction === 'up'
    ? { sql: migration.up, line: migration.upLine, transaction: migration.transaction }
    : { sql: migration.down, line: migration.downLine, transaction: migration.downTransaction }

/** Markers and comments only: dbmate would delete the record and undo nothing. */
export const isEmptySection = ({ sql }: Section): boolean => sql.replace(comments, '').trim() === ''

/** Marks files that share a version: dbmate would apply the first and report the second as applied. */
export const markDuplicates = (files: readonly MigrationFile[]): MigrationFile[] => {
  const first = new Map<string, string>()
  return files.map((entry) => {
    const other = first.get(entry.version)
    if (other === undefined) {
      first.set(entry.version, entry.file)
      return entry
    }
    const message = `has the same version, ${entry.version}, as ${other}`
    return {
      ...entry,
      problems: [...entry.problems, fault('duplicate-version', { file: entry.file, message })],
    }
  })
}
