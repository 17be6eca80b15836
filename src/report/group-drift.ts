import { numberAlike } from '../model/number-alike.ts'
import type { DriftDocument, DriftedDatabase, DriftedFleet } from './drift-documents.ts'

const groupsOf = (databases: readonly DriftedDatabase[]): DriftedFleet['groups'] => {
  const numberOf = numberAlike()
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
