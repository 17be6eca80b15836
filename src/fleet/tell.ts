import type { ManagedDatabase } from '../model/types.ts'

/** Whose files they are, as the config calls it: all databases of a fleet have the same. */
export const storeName = ({ name, member }: Pick<ManagedDatabase, 'name' | 'member'>): string =>
  member?.fleet ?? name

/** What went wrong in one database of a fleet. */
export type MemberFailure = {
  fleet: string
  key: string
  /** Name on the server, which may stand in the words. */
  database: string
  message: string
  details?: readonly string[]
  hint?: string | undefined
}

const shown = 5

/** Without the name that it begins with. */
export const bareMessage = ({
  message,
  database,
  fleet,
  key,
}: Pick<MemberFailure, 'message' | 'database' | 'fleet' | 'key'>): string => {
  const prefix =
    [`${database}: `, `${fleet}/${key}: `, `${fleet}: `].find((name) => message.startsWith(name)) ?? ''
  return message.slice(prefix.length)
}

/** What went wrong alike has the same words but for the name. */
const likeness = (failure: MemberFailure): string =>
  bareMessage(failure).replaceAll(failure.database, 'DATABASE')

/** Names are somebody else's, and may be of any length. */
const longest = 40

/** The first few of many names. */
export const fewNames = (names: readonly string[], most = shown): string => {
  const first = names
    .slice(0, most)
    .map((name) => (name.length > longest ? `${name.slice(0, longest - 1)}…` : name))
  return names.length > most ? `${first.join(', ')} and ${names.length - most} more` : first.join(', ')
}

const keysOf = (group: readonly MemberFailure[]): string => fewNames(group.map(({ key }) => key))

/** Failures of a fleet by what was said: the words, whose they are, and the first one's details and remedy. */
const tellGroup = (group: readonly MemberFailure[]): string[] => {
  const [first] = group
  if (!first) return []
  const { details = [], hint } = first
  const count = group.length > 1 ? `${group.length} databases (${keysOf(group)})` : keysOf(group)
  return [
    `${first.fleet}: ${count}: ${bareMessage(first)}`,
    ...details.flatMap((detail) => detail.split('\n')).map((line) => `  ${line}`),
    ...(hint ? hint.split('\n').map((line) => `  → ${line}`) : []),
  ]
}

/** Failures grouped by message, those of most databases first. */
export const tellFailures = (failures: readonly MemberFailure[]): string[] =>
  [...Map.groupBy(failures, (failure) => `${failure.fleet} ${likeness(failure)}`).values()]
    .toSorted((a, b) => b.length - a.length)
    .flatMap(tellGroup)
