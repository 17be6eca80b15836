import type { Fleet, ManagedDatabase, Obstacle, RefusedMember } from '../model/types.ts'

/** What became of the names that a fleet's source answered. */
export type JudgedNames = {
  members: readonly ManagedDatabase[]
  refused: readonly RefusedMember[]
  /** What stops nothing, a line each. */
  notes: readonly string[]
}

/** Bytes of a name; Postgres cuts the rest without a word. */
const longest = 63
const control = /\p{Cc}/u

/** Where the names are said, for whoever has to put them right. */
export const sourceWords = ({ from }: Fleet): string => {
  if ('query' in from) return 'the query'
  return 'pattern' in from ? `the pattern ${from.pattern}` : 'the list'
}

const hintOf = ({ name, from }: Fleet): string =>
  'query' in from
    ? `correct what the query of ${name} answers, or the query itself: databases.${name}.from.query`
    : `correct databases.${name}.from in the config`

const memberOf = ({ name, common, create, suffix }: Fleet, key: string): ManagedDatabase => ({
  name: `${name}/${key}`,
  database: key + suffix,
  ...common,
  member: { fleet: name, key, create },
})

/** Why a name can be no database of the fleet. */
const reasonAgainst = (fleet: Fleet, key: string): string | undefined => {
  const database = key + fleet.suffix
  if (control.test(key)) return 'it has a control character'
  const bytes = Buffer.byteLength(database)
  if (bytes > longest)
    return `its name has ${bytes} bytes, and Postgres keeps ${longest}: it would be another database`
  if (fleet.taken.includes(database))
    return `${database} is no database of this fleet: it is managed elsewhere in the config, or Postgres' own`
  return undefined
}

const refuse = (fleet: Fleet, key: string, why: string): RefusedMember => {
  const obstacle: Obstacle = {
    message: `${fleet.name}/${key}: ${why}.`,
    details: [`It is what ${sourceWords(fleet)} names.`],
    hint: hintOf(fleet),
  }
  const managed = memberOf(fleet, key)
  // A name that Postgres would cut, or a row without one, is nothing to ask a server for.
  return { managed: { ...managed, database: key === '' ? '' : managed.database }, obstacle }
}

const timesOf = (names: readonly (string | null)[]): Map<string, number> => {
  const times = new Map<string, number>()
  for (const name of names) if (name) times.set(name, (times.get(name) ?? 0) + 1)
  return times
}

const shown = 5

const tellRepeated = ({ name }: Fleet, times: ReadonlyMap<string, number>): string[] => {
  const repeated = [...times].filter(([, count]) => count > 1)
  if (repeated.length === 0) return []
  const first = repeated.slice(0, shown).map(([key, count]) => `${key} ${count} times`)
  const more = repeated.length > shown ? ` and ${repeated.length - shown} more` : ''
  return [`${name}: named more than once, taken once: ${first.join(', ')}${more}`]
}

/** The names of a fleet as its databases, in their order; those that can be none are refused, and nothing else is. */
export const judgeNames = (fleet: Fleet, names: readonly (string | null)[]): JudgedNames => {
  const times = timesOf(names)
  const empty = names.flatMap((name, index) => (name ? [] : index + 1))
  const judged = [...times.keys()].map((key) => ({ key, why: reasonAgainst(fleet, key) }))
  return {
    members: judged.flatMap(({ key, why }) => (why === undefined ? memberOf(fleet, key) : [])),
    refused: [
      ...empty.map((row) => refuse(fleet, `row ${row}`, 'there is no name in it (null, or empty)')),
      ...judged.flatMap(({ key, why }) => (why === undefined ? [] : refuse(fleet, key, why))),
    ],
    notes: [
      ...(names.length === 0
        ? [`${fleet.name}: ${sourceWords(fleet)} names no database, so there is nothing to do in it`]
        : []),
      ...tellRepeated(fleet, times),
    ],
  }
}
