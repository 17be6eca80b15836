import type * as LibpgQuery from 'libpg-query'
import type { Node } from 'libpg-query'
import { blankComments, commentEnd } from '../model/blank.ts'

type KeysOf<T> = T extends T ? keyof T : never
/** The kind of a statement as libpg-query names it, e.g. `IndexStmt`. */
export type Kind = KeysOf<Node>
/** What stands under a kind. */
export type Body<K extends Kind> = Extract<Node, Record<K, unknown>>[K]

export type Place = {
  /** 1-based, in the file. */
  line: number
  /** 1-based, in characters. */
  column: number
}

export type Statement = Place & {
  kind: Kind
  node: Node
  /** From its first word to its end, without the semicolon. */
  text: string
}

/** Where Postgres' grammar stops; `index` counts from the section's start. */
export type SyntaxFault = Place & { index: number; message: string }

/** A section's statements; or where the grammar stops; or why the parser could not read it, which is no fault of the SQL. */
export type ParsedSection = {
  statements: readonly Statement[]
  fault?: SyntaxFault
  unread?: string
}

/** Parses one section with Postgres' grammar; loaded once, since the wasm costs 1.7 MB and some 30 ms. */
export type Parse = (sql: string, firstLine: number) => ParsedSection

type RawStatement = { stmt: Node; stmt_location?: number; stmt_len?: number }

const blank = /\s/
const emptyQuery = 'Query cannot be empty'

/** Index of the first word behind blanks and comments. */
const firstWord = (sql: string, from: number): number => {
  let at = from
  while (at < sql.length) {
    if (blank.test(sql[at] ?? '')) at++
    else if (sql.startsWith('--', at) || sql.startsWith('/*', at)) at = commentEnd(sql, at)
    else break
  }
  return at
}

/** Answers the index in a string of UTF-8 offsets that never fall, so that a long section is walked once. */
const makeIndexer = (sql: string): ((offset: number) => number) => {
  const bytes = Buffer.from(sql)
  if (bytes.length === sql.length) return (offset) => offset
  let walked = 0
  let index = 0
  return (offset) => {
    index += bytes.toString('utf8', walked, offset).length
    walked = offset
    return index
  }
}

/** Answers the place of indexes that never fall. */
const makePlacer = (sql: string, firstLine: number): ((index: number) => Place) => {
  let line = firstLine
  let column = 1
  let walked = 0
  let lineEnd = sql.indexOf('\n')
  return (index) => {
    while (lineEnd >= 0 && lineEnd < index) {
      line++
      column = 1
      walked = lineEnd + 1
      lineEnd = sql.indexOf('\n', walked)
    }
    column += [...sql.slice(walked, index)].length
    walked = index
    return { line, column }
  }
}

/** A section; `parsed` is what the parser was given of it, with every character at its place. */
type Source = { sql: string; parsed: string; firstLine: number }

/** A statement's location includes the blanks and comments before it. */
const toStatements = ({ sql, parsed, firstLine }: Source, raws: readonly RawStatement[]): Statement[] => {
  const indexOf = makeIndexer(parsed)
  const placeOf = makePlacer(sql, firstLine)
  return raws.map(({ stmt, stmt_location: from = 0, stmt_len: length }) => {
    const start = firstWord(sql, indexOf(from))
    const end = length ? indexOf(from + length) : sql.length
    const [kind] = Object.keys(stmt) as [Kind]
    return { kind, node: stmt, text: sql.slice(start, end).trimEnd(), ...placeOf(start) }
  })
}

type SqlFault = Error & { sqlDetails: { cursorPosition: number } }

/** An error's cursor counts code points, from 0. */
const toFault = ({ sql, firstLine }: Source, { message, sqlDetails }: SqlFault): SyntaxFault => {
  const index = [...sql].slice(0, Math.max(0, sqlDetails.cursorPosition)).join('').length
  return { message, index, ...makePlacer(sql, firstLine)(index) }
}

const mebibyte = 2 ** 20
/**
 * Measured: 24 MB of single statements are too much for the parser's memory of 1 GB, 16 MB are not; as objects of ours they
 * take some forty times as much as their text.
 */
const mostParsed = 16 * mebibyte

const tooMuch = (size: number): string =>
  `it has ${(size / mebibyte).toFixed(1)} MB, and the parser's memory holds ${mostParsed / mebibyte} MB`

/** The newest grammar where no server is asked; an older server has not all of it. */
const loadGrammar = (major: number) =>
  major < 18 ? import('libpg-query') : (import('libpg-query-18') as unknown as Promise<typeof LibpgQuery>)

/** Loads libpg-query, late: nothing pending needs no parser. `major`: of the server that will read the files. */
export const loadParser = async (major = 18): Promise<Parse> => {
  const { hasSqlDetails, loadModule, parseSync } = await loadGrammar(major)
  await loadModule()
  const read = (source: Source): ParsedSection => {
    try {
      const { stmts = [] } = parseSync(source.parsed) as { stmts?: RawStatement[] }
      return { statements: toStatements(source, stmts) }
    } catch (error) {
      // A parser that runs out of memory throws what is no Error.
      if (!(error instanceof Error)) return { statements: [], unread: `the parser ended: ${String(error)}` }
      if (error.message === emptyQuery) return { statements: [] }
      if (hasSqlDetails(error)) return { statements: [], fault: toFault(source, error) }
      return { statements: [], unread: error.message }
    }
  }
  return (sql, firstLine) => {
    const size = Buffer.byteLength(sql)
    if (size > mostParsed) return { statements: [], unread: tooMuch(size) }
    const whole = read({ sql, parsed: sql, firstLine })
    if (!whole.fault) return whole
    // Its scanner stumbles over a comment inside NULLS LAST, WITH TIME ZONE and the like, which Postgres' does not.
    const bare = read({ sql, parsed: blankComments(sql), firstLine })
    return bare.fault ? whole : bare
  }
}
