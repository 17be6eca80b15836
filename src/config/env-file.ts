import { AppError, usageError } from '../errors.ts'
import { type Assignment, type Problem, scanEnvFile } from './env-file-scanner.ts'
import { interpolate, type Lookup } from './interpolate.ts'

type EnvFileOptions = {
  /** Its name in error messages. */
  file: string
  /** For keys without a value, and for references. */
  hostEnv: Record<string, string | undefined>
  /** What the files before this one in `env_file:` set. */
  before?: ReadonlyMap<string, string>
  /** Of which compose; the older ones where nothing is said. */
  rules?: EnvFileRules
}

/** By the version from which they hold. Source: WithServicesEnvironmentResolved in compose-go 2.0 and 2.5. */
export type EnvFileRules = '2.24' | '2.35'

const escapes = /\\(?:([abfnrtv"\\$])|0([0-3][0-7]{2})?)/g
const escapedQuote = /\\'/g

const decoded: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
  // Decoded before interpolation, which makes one of two.
  $: '$$',
}

/**
 * Reads an env file as compose does for a service's `env_file:`: what the container gets from this file alone.
 * Rules measured with `docker compose config` 2.26.1 and 2.40.3:
 * - unquoted: up to ` #` or the end of the line, trimmed, interpolated; backslashes stay
 * - `"…"`: may span lines; `\a\b\f\n\r\t\v\"\\\$` and `\0ooo` (octal) are decoded, then interpolated
 * - `'…'`: may span lines; only `\'` is decoded
 * - a key alone on its line is inherited, and left out when nobody sets it
 * - inside a reference an earlier file wins over the host, and the host over this file; since 2.35 the host wins over all
 *   files, and the last assignment over those before it
 *
 * Compose knows more host variables than the shell's: the project's `.env` and COMPOSE_PROJECT_NAME.
 * @throws AppError (exit 2) `FILE:LINE: why`, the line being where the wrong key, quote or value begins.
 */
export const parseEnvFile = (
  text: string,
  { file, hostEnv, before, rules = '2.24' }: EnvFileOptions,
): Map<string, string> => {
  const values = new Map<string, string>()
  const host: Lookup = (name) => (Object.hasOwn(hostEnv, name) ? hostEnv[name] : undefined)
  const outside: Lookup = rules === '2.35' ? host : (name) => before?.get(name) ?? host(name)
  const lookup: Lookup = (name) => outside(name) ?? values.get(name) ?? before?.get(name)
  const problem: Problem = (at, why) => usageError(`${file}:${lineOf(text, at)}: ${why}`)
  for (const assignment of scanEnvFile(text, problem)) {
    const { key, at } = assignment
    try {
      const value = assignment.text === undefined ? outside(key) : evaluate(assignment, lookup)
      if (value !== undefined) values.set(key, value)
    } catch (error) {
      throw error instanceof AppError ? problem(at, error.message) : error
    }
  }
  return values
}

const lineOf = (text: string, at: number): number => text.slice(0, at).split('\n').length

const evaluate = ({ quote, text = '' }: Assignment, lookup: Lookup): string => {
  if (quote === "'") return text.replace(escapedQuote, "'")
  return interpolate(quote ? decodeEscapes(text) : text, lookup)
}

const decodeEscapes = (text: string): string =>
  text.replace(escapes, (_, character?: string, octal?: string) => {
    if (character) return decoded[character] ?? character
    return octal ? String.fromCharCode(Number.parseInt(octal, 8)) : '\\'
  })
