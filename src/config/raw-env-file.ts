import { usageError } from '../errors.ts'
import type { Variables } from './load.ts'

const byteOrderMark = /^\ufeff/
const carriageReturn = /\r$/
const leading = /^\p{White_Space}+/u
const blank = /[ \t]/

/**
 * Reads an env file of `format: raw`: what `docker run --env-file` takes. Nothing is quoted, escaped or interpolated, and white
 * space at a line's end belongs to the value. Source: docker/cli's pkg/kvfile.
 * @throws AppError (exit 2) `FILE:LINE: why`.
 */
export const parseRawEnvFile = (
  text: string,
  { file, hostEnv }: { file: string; hostEnv: Variables },
): Map<string, string> => {
  const values = new Map<string, string>()
  const lines = text.replace(byteOrderMark, '').split('\n')
  for (const [index, raw] of lines.entries()) {
    const line = raw.replace(carriageReturn, '').replace(leading, '')
    if (line === '' || line.startsWith('#')) continue
    const at = line.indexOf('=')
    const key = at < 0 ? line : line.slice(0, at)
    const problem = (why: string) => usageError(`${file}:${index + 1}: ${why}`)
    if (key === '') throw problem('no key before "="')
    if (blank.test(key)) throw problem(`key "${key}" contains a space`)
    const value = at < 0 ? hostEnv[key] : line.slice(at + 1)
    if (value !== undefined) values.set(key, value)
  }
  return values
}
