import type { DriftDocument, DriftedDatabase, DriftedFleet } from './drift-documents.ts'

/** A number for each text; those that are read off the same schemas have the very same differences, looked at once. */
const numbers = (): ((differences: DriftedDatabase['differences']) => number) => {
  const seen = new Map<unknown, number>()
  const texts = new Map<string, number>()
  return (differences) => {
    const known = seen.get(differences)
    if (known !== undefined) return known
    const text = JSON.stringify(differences)
    const number = texts.get(text) ?? texts.size
    texts.set(text, number)
    seen.set(differences, number)
    return number
  }
}

const groupsOf = (databases: readonly DriftedDatabase[]): DriftedFleet['groups'] => {
  const numberOf = numbers()
  const standing = ({ database, exists, differences, unread, error }: DriftedDatabase): string => {
    const why = error && [error.message, ...error.details].join('\n').replaceAll(database, 'DATABASE')
    return JSON.stringify([exists, numberOf(differences), unread, why])
  }
  return [...Map.groupBy(databases, standing).values()]
    .toSorted((a, b) => b.length - a.length)
    .map((group) => {
      const [{ differences = [], unread, sql, error } = {}] = group
      return {
        databases: group.map(({ name, database, exists, applied }) => ({ name, database, exists, applied })),
        differences,
        ...(unread !== undefined && { unread }),
        ...(sql && { sql }),
        ...(error && { error }),
      }
    })
}

/** Databases by themselves, and fleets by what their databases have in common. */
export const groupDrift = (environment: string, told: readonly DriftedDatabase[]): DriftDocument => {
  const members = told.filter(({ fleet }) => fleet !== undefined)
  const fleets = [...Map.groupBy(members, ({ fleet = '' }) => fleet)].map(([fleet, databases]) => ({
    fleet,
    groups: groupsOf(databases),
  }))
  return {
    version: 1,
    environment,
    databases: told.filter(({ fleet }) => fleet === undefined),
    ...(fleets.length > 0 && { fleets }),
  }
}
