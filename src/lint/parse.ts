import type { Node } from 'libpg-query'

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

/** Parses one section with the grammar of Postgres 17; loaded once, since the wasm costs 1.7 MB and some 30 ms. */
export type Parse = (sql: string, firstLine: number) => ParsedSection

type RawStatement = { stmt: Node; stmt_location?: number; stmt_len?: number }

const blank = /\s/
const emptyQuery = 'Query cannot be empty'

/** Index behind the comment that starts at `at`; Postgres nests block comments. */
const skipComment = (sql: string, at: number): number => {
  if (sql.startsWith('--', at)) {
    const end = sql.indexOf('\n', at)
    return end < 0 ? sql.length : end
  }
  let depth = 0
  for (let index = at; index < sql.length; index++) {
    if (sql.startsWith('/*', index)) depth++
    else if (sql.startsWith('*/', index)) depth--
    else continue
    index++
    if (depth === 0) return index + 1
  }
  return sql.length
}

/** Index of the first word behind blanks and comments. */
const firstWord = (sql: string, from: number): number => {
  let at = from
  while (at < sql.length) {
    if (blank.test(sql[at] ?? '')) at++
    else if (sql.startsWith('--', at) || sql.startsWith('/*', at)) at = skipComment(sql, at)
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

/** A statement's location includes the blanks and comments before it. */
const toStatements = (sql: string, raws: readonly RawStatement[], firstLine: number): Statement[] => {
  const indexOf = makeIndexer(sql)
  const placeOf = makePlacer(sql, firstLine)
  return raws.map(({ stmt, stmt_location: from = 0, stmt_len: length }) => {
    const start = firstWord(sql, indexOf(from))
    const end = length ? indexOf(from + length) : sql.length
    const [kind] = Object.keys(stmt) as [Kind]
    return { kind, node: stmt, text: sql.slice(start, end).trimEnd(), ...placeOf(start) }
  })
}

/** An error's cursor counts code points, from 0. */
const toFault = (
  sql: string,
  error: Error & { sqlDetails: { cursorPosition: number } },
  firstLine: number,
) => {
  const index = [...sql].slice(0, Math.max(0, error.sqlDetails.cursorPosition)).join('').length
  return { message: error.message, index, ...makePlacer(sql, firstLine)(index) }
}

/** Loads libpg-query, late: nothing pending needs no parser. */
export const loadParser = async (): Promise<Parse> => {
  const { hasSqlDetails, loadModule, parseSync } = await import('libpg-query')
  await loadModule()
  return (sql, firstLine) => {
    try {
      const { stmts = [] } = parseSync(sql) as { stmts?: RawStatement[] }
      return { statements: toStatements(sql, stmts, firstLine) }
    } catch (error) {
      if (!(error instanceof Error) || error.message === emptyQuery) return { statements: [] }
      if (hasSqlDetails(error)) return { statements: [], fault: toFault(sql, error, firstLine) }
      return { statements: [], unread: error.message }
    }
  }
}
