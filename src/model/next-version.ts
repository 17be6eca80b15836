import { usageError } from '../errors.ts'

const firstVersion = '00001'
const notDigit = /\D/g
/** Year, month and day, and perhaps the time down to minutes, seconds or milliseconds. */
const timestamp = /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4}|\d{6}|\d{9})?$/
/** Of dbmate's own style, down to seconds. */
const timestampWidth = 14

/** The present moment (UTC) in the style of a version, where that is a moment and not counted. */
const momentLike = (version: string, now: Date): string | undefined => {
  const isTimestamp = timestamp.test(version)
  if (!isTimestamp && version.length < timestampWidth) return undefined
  return now
    .toISOString()
    .replace(notDigit, '')
    .slice(0, isTimestamp ? version.length : timestampWidth)
}

const newestOf = (versions: readonly string[]): string | undefined => [...versions].sort().at(-1)

const first = (like: string | undefined, now: Date): string =>
  like === undefined ? firstVersion : (momentLike(like, now) ?? '1'.padStart(like.length, '0'))

/**
 * The version of the next file: the newest one plus one in the same width; where the newest is a moment, the present one of
 * the same precision, or the newest plus one when that is no later. The first is `00001`, or in the style of `others`, the
 * versions of other databases.
 * @throws AppError (exit 2) when the width is used up: `100000` would sort before `99999`.
 */
export const nextVersion = (
  versions: readonly string[],
  now: Date,
  others: readonly string[] = [],
): string => {
  const newest = newestOf(versions)
  if (newest === undefined) return first(newestOf(others), now)
  const moment = momentLike(newest, now)
  if (moment !== undefined && moment > newest) return moment
  const next = String(BigInt(newest) + 1n).padStart(newest.length, '0')
  if (next > newest) return next
  throw usageError(`No version of ${newest.length} digits comes after ${newest}.`, undefined, [
    `dbmate compares versions as strings: ${next} would run before ${newest}.`,
  ])
}
