import { usageError } from '../errors.ts'

export type Lookup = (name: string) => string | undefined

type Span = { text: string; start: number }
type Found = { value: string; end: number }
type Braced = { name: string; operator: string; word: string }

/** Go's regexp folds case: U+017F counts as s, U+212A as k. */
const reference =
  /\$(?:(?<escaped>\$)|(?<named>[a-z_][a-z0-9_]*)|\{(?<braced>[a-z_][a-z0-9_]*)(?:\}|(?<operator>:?[-+?]))|(?<broken>\{))?/iuy

const braces = /\{.?|\}/gsu

/**
 * Replaces variables by compose's rules: `$$` is a dollar sign; `$X` and `${X}` are empty when X is not set;
 * `${X-default}`, `${X+alternative}` and `${X?message}` ask whether X is set, with a colon (`:-` `:+` `:?`)
 * whether it is set and not empty. What follows the operator is interpolated too and stays on its line.
 * A `$` before anything else is kept. What `lookup` answers is not interpolated again.
 *
 * Measured with `docker compose config` 2.26.1, which evaluates the nested part even when it is not used:
 * `${SET:-${NOPE:?}}` is an error. Newer versions evaluate it only when needed.
 * @throws AppError (exit 2) for a `${` that starts no reference, and for `?` without a value. The text is not
 * quoted in the message: it may be a password.
 */
export const interpolate = (text: string, lookup: Lookup): string => {
  let result = ''
  let at = 0
  for (let dollar = text.indexOf('$'); dollar >= 0; dollar = text.indexOf('$', at)) {
    const { value, end } = readReference({ text, start: dollar }, lookup)
    result += text.slice(at, dollar) + value
    at = end
  }
  return result + text.slice(at)
}

const invalid = () =>
  usageError('a reference in braces is misspelt or not closed on its line; a plain "$" is written "$$"')

const readReference = ({ text, start }: Span, lookup: Lookup): Found => {
  reference.lastIndex = start
  const match = reference.exec(text)
  const { escaped, named, braced, operator, broken } = match?.groups ?? {}
  const end = start + (match?.[0].length ?? 1)
  if (broken) throw invalid()
  if (braced && operator) {
    const close = findClose({ text, start: end })
    const word = interpolate(text.slice(end, close), lookup)
    return { value: applyOperator({ name: braced, operator, word }, lookup), end: close + 1 }
  }
  const name = named ?? braced
  return { value: name === undefined ? (escaped ?? '$') : (lookup(name) ?? ''), end }
}

/**
 * The brace that balances; when none does, the last one of the line. Every `{` counts, and compose overlooks
 * the character behind it, so `{}` opens and does not close.
 */
const findClose = ({ text, start }: Span): number => {
  const newline = text.indexOf('\n', start)
  const line = text.slice(start, newline < 0 ? text.length : newline)
  let depth = 1
  for (const { 0: brace, index } of line.matchAll(braces)) {
    depth += brace === '}' ? -1 : 1
    if (depth === 0) return start + index
  }
  const last = line.lastIndexOf('}')
  if (last < 0) throw invalid()
  return start + last
}

const applyOperator = ({ name, operator, word }: Braced, lookup: Lookup): string => {
  const value = lookup(name)
  const present = operator.startsWith(':') ? !!value : value !== undefined
  if (operator.endsWith('+')) return present ? word : ''
  if (present) return value ?? ''
  if (operator.endsWith('-')) return word
  throw usageError(`required variable ${name} is missing a value${word && `: ${word}`}`)
}
