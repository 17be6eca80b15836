import { runIdPattern } from './session.ts'

/** Bytes of an identifier; Postgres cuts the rest without a word. */
const longest = 63

const cut = (name: string, bytes: number): string => {
  let short = name
  while (Buffer.byteLength(short) > bytes) short = [...short].slice(0, -1).join('')
  return short
}

/** `calendar_qual_restore_20261122T185832-7f3a9c`: a database beside another, of one run; a long name is cut, the run never. */
export const besideName = (database: string, what: 'restore' | 'before', run: string): string => {
  const suffix = `_${what}_${run}`
  return `${cut(database, longest - suffix.length)}${suffix}`
}

/** Those of the names that restores left when they replaced this database, oldest first. */
export const replacedOf = (database: string, names: readonly string[]): string[] => {
  const run = new RegExp(`_before_(${runIdPattern.slice(1)})$`)
  return names
    .filter((name) => {
      const id = run.exec(name)?.[1]
      return id !== undefined && besideName(database, 'before', id) === name
    })
    .sort()
}
