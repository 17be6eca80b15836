import { usageError } from '../errors.ts'

const firstVersion = '00001'
const timestampWidth = 14
const notDigit = /\D/g

/**
 * The version of the next file: the newest one plus one in the same width (`00001` is the first); where the newest is a
 * timestamp (dbmate's own style), the current UTC time, or the newest plus one when that is no later.
 * @throws AppError (exit 2) when the width is used up: `100000` would sort before `99999`.
 */
export const nextVersion = (versions: readonly string[], now: Date): string => {
  const newest = [...versions].sort().at(-1)
  if (newest === undefined) return firstVersion
  const time = now.toISOString().replace(notDigit, '').slice(0, timestampWidth)
  if (newest.length >= timestampWidth && time > newest) return time
  const next = String(BigInt(newest) + 1n).padStart(newest.length, '0')
  if (next > newest) return next
  throw usageError(`No version of ${newest.length} digits comes after ${newest}.`, undefined, [
    `dbmate compares versions as strings: ${next} would run before ${newest}.`,
  ])
}
