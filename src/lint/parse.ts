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

export type SyntaxFault = Place & { message: string }

/** A section's statements, or where Postgres' grammar stops. */
export type ParsedSection = { statements: readonly Statement[]; fault?: SyntaxFault }

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

/** A statement's location includes the blanks and comments before it. */
const firstWord = (sql: string, from: number): number => {
  let at = from
  while (at < sql.length) {
    if (blank.test(sql[at] ?? '')) at++
    else if (sql.startsWith('--', at) || sql.startsWith('/*', at)) at = skipComment(sql, at)
    else break
  }
  return at
}

const placeOf = (sql: string, index: number, firstLine: number): Place => {
  const before = sql.slice(0, index)
  const lineStart = before.lastIndexOf('\n') + 1
  return {
    line: firstLine + before.split('\n').length - 1,
    column: [...before.slice(lineStart)].length + 1,
  }
}

/** Locations are UTF-8 bytes; an error's is code points, from 0. */
const toStatement = (bytes: Buffer, raw: RawStatement, firstLine: number): Statement => {
  const from = raw.stmt_location ?? 0
  const to = raw.stmt_len ? from + raw.stmt_len : bytes.length
  const sql = bytes.toString('utf8')
  const start = firstWord(sql, bytes.subarray(0, from).toString('utf8').length)
  const end = bytes.subarray(0, to).toString('utf8').length
  const [kind] = Object.keys(raw.stmt) as [Kind]
  return { kind, node: raw.stmt, text: sql.slice(start, end).trimEnd(), ...placeOf(sql, start, firstLine) }
}

/** Loads libpg-query, late: nothing pending needs no parser. */
export const loadParser = async (): Promise<Parse> => {
  const { hasSqlDetails, loadModule, parseSync } = await import('libpg-query')
  await loadModule()
  return (sql, firstLine) => {
    try {
      const bytes = Buffer.from(sql)
      const { stmts = [] } = parseSync(sql) as { stmts?: RawStatement[] }
      return { statements: stmts.map((raw) => toStatement(bytes, raw, firstLine)) }
    } catch (error) {
      if (!(error instanceof Error) || error.message === emptyQuery) return { statements: [] }
      const cursor = hasSqlDetails(error) ? error.sqlDetails.cursorPosition : 0
      const index = [...sql].slice(0, Math.max(0, cursor)).join('').length
      return { statements: [], fault: { message: error.message, ...placeOf(sql, index, firstLine) } }
    }
  }
}
