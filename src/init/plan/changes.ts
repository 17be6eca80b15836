import type { ProposedFile } from './proposed-file.ts'

/** A file as it is and as it would be. */
export type Change = {
  path: string
  before: string | undefined
  after: string
  /** Somebody else's by now: shown, and not overwritten unless that is asked for. */
  isKept: boolean
  secret: boolean
}

const keyOf = (line: string): string => line.split('=')[0] ?? line

/** Lines that are there already, of an env file by their key, are not added again. */
const append = (before: string, text: string, isEnv: boolean): string => {
  const there = new Set(before.split('\n').map((line) => (isEnv ? keyOf(line) : line.trim())))
  const missing = text.split('\n').filter((line) => line !== '' && !there.has(isEnv ? keyOf(line) : line))
  if (missing.length === 0) return before
  const whole = before === '' || before.endsWith('\n') ? before : `${before}\n`
  return `${whole}${missing.join('\n')}\n`
}

/** What a proposal changes, in its order; `read` answers a file's text as it is. */
export const findChanges = (
  files: readonly ProposedFile[],
  read: (path: string) => string | undefined,
): Change[] =>
  files
    .map(({ path, text, how, secret = false }) => {
      const before = read(path)
      const after = how === 'create' ? text : append(before ?? '', text, secret)
      return { path, before, after, isKept: how === 'create' && before !== undefined, secret }
    })
    .filter(({ before, after }) => before !== after)
