import type { AppError } from '../errors.ts'

type Quote = '' | '"' | "'"

/** One assignment, its value as written; without `text` the key is inherited from the host. */
export type Assignment = { key: string; quote: Quote; text?: string; at: number }

/** Makes the error for an offset in the text. */
export type Problem = (at: number, why: string) => AppError

type Scan = { text: string; at: number; problem: Problem }

/** What compose skips inside a line; anywhere else it skips Unicode's white space. */
const inline = '[\\t\\v\\f\\r \\u0085\\u00a0]*'
const between = /(?:\p{White_Space}|#[^\n]*)*/uy
const exportWord = new RegExp(`export(?=[\\t\\n\\f\\r ])${inline}`, 'y')
const keyText = /[\p{L}\p{N}_.\-[\]\t\v\f\r \u0085\u00a0]*/uy
const separator = new RegExp(`[=:]${inline}`, 'y')
const singleQuoted = /'[^'\\]*(?:\\.[^'\\]*)*'/suy
const doubleQuoted = /"[^"\\]*(?:\\.[^"\\]*)*"/suy
const restOfLine = /[^\n]*/y
const whiteSpaceAtEnd = /\p{White_Space}+$/u

/**
 * Cuts an env file into its assignments, in order, without decoding or interpolating values.
 * Another assignment may follow a quoted value on the same line: compose reads on where the quote ends.
 */
export const scanEnvFile = (text: string, problem: Problem): Assignment[] => {
  const scan: Scan = { text, at: text.startsWith('\ufeff') ? 1 : 0, problem }
  const assignments: Assignment[] = []
  for (take(scan, between); scan.at < text.length; take(scan, between)) assignments.push(readAssignment(scan))
  return assignments
}

/** The text the pattern matches here; the scan moves behind it. */
const take = (scan: Scan, pattern: RegExp): string | undefined => {
  pattern.lastIndex = scan.at
  const found = pattern.exec(scan.text)?.[0]
  scan.at += found?.length ?? 0
  return found
}

const readAssignment = (scan: Scan): Assignment => {
  const start = scan.at
  if (take(scan, exportWord) && scan.at === scan.text.length) throw scan.problem(start, 'no key after export')
  const at = scan.at
  const key = trimEnd(take(scan, keyText) ?? '')
  // A word that ends the file without a line break: compose reads it as the value of an empty key.
  if (scan.at === scan.text.length) return { key: '', quote: '', text: key.trimStart(), at }
  const separated = take(scan, separator) !== undefined
  if (!separated && scan.text[scan.at] !== '\n') throw unexpected(scan)
  if (key.includes(' ')) throw scan.problem(at, `key "${key}" contains a space`)
  return separated ? { key, ...readValue(scan) } : { key, quote: '', at }
}

const trimEnd = (text: string): string => text.replace(whiteSpaceAtEnd, '')

const unexpected = ({ text, at, problem }: Scan): AppError => {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
  const why = 'a key has letters, digits and _ . - [ ] only, and "=" behind it'
  return problem(at, `unexpected character ${JSON.stringify(character)}: ${why}`)
}

const readValue = (scan: Scan): Omit<Assignment, 'key'> => {
  const at = scan.at
  const quote = scan.text[at]
  if (quote !== '"' && quote !== "'") return { quote: '', text: cutComment(take(scan, restOfLine) ?? ''), at }
  const quoted = take(scan, quote === '"' ? doubleQuoted : singleQuoted)
  if (quoted === undefined) throw scan.problem(at, `unterminated quoted value: no closing ${quote}`)
  return { quote, text: quoted.slice(1, -1), at }
}

const cutComment = (line: string): string => {
  const comment = line.indexOf(' #')
  return trimEnd(comment < 0 ? line : line.slice(0, comment))
}
