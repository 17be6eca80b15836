import { type AppError, usageError } from '../errors.ts'
import { nearest } from '../model/nearest.ts'

export type Known = {
  what: string
  names: readonly string[] /** Where more is known than what is spelt alike. */
  meant?: string | undefined
}

/** A name that the config does not have, and the one that may have been meant. */
export const unknown = (name: string, { what, names, meant = nearest(name, names) }: Known): AppError =>
  usageError(`Unknown ${what} "${name}".`, undefined, [
    `known: ${names.join(', ') || 'none'}`,
    ...(meant ? [`did you mean ${meant}?`] : []),
  ])
