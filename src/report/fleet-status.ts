import { fewNames, type MemberFailure, tellFailures } from '../fleet/tell.ts'
import type { StatusDocument } from './documents.ts'
import type { Paint } from './paint.ts'
import { plural, renderTable, wrapWords } from './render.ts'

type DatabaseStatus = StatusDocument['environments'][number]['databases'][number]

/** Named of a group. */
const shown = 8

/** Its name in its fleet. */
export const keyOf = ({ name }: Pick<DatabaseStatus, 'name'>): string => name.slice(name.indexOf('/') + 1)

/** How one stands, in the words by which it is counted. */
export const standingOf = ({ exists, error, pending, migrations }: DatabaseStatus): string => {
  if (error) return 'refused'
  if (!exists) return 'not there yet'
  const newest = migrations.findLast(({ state }) => state === 'applied' || state === 'edited')
  const odd = migrations.flatMap(({ state, version }) =>
    state === 'applied' || state === 'pending' ? [] : `${state} ${version}`,
  )
  return [
    newest ? `at ${newest.file ?? newest.version}` : 'nothing applied',
    ...(pending > 0 ? [`${pending} pending`] : []),
    ...odd,
  ].join(', ')
}

/** Whether it lacks something. */
export const isBehind = ({ exists, error, pending }: DatabaseStatus): boolean =>
  error !== undefined || !exists || pending > 0

const namesOf = (group: readonly DatabaseStatus[]): string => fewNames(group.map(keyOf), shown)

/** How many at which version, and who is behind. */
export const renderFleet = (fleet: string, databases: readonly DatabaseStatus[], paint: Paint): string => {
  const groups = [...Map.groupBy(databases, standingOf)].toSorted(([, a], [, b]) => b.length - a.length)
  const behind = databases.filter(isBehind)
  const summary = behind.length > 0 ? paint.yellow(`${behind.length} behind`) : paint.green('none behind')
  const failures = databases.flatMap(({ error, database, ...one }): MemberFailure[] =>
    error ? [{ fleet, key: keyOf(one), database, message: error.message, hint: error.hint }] : [],
  )
  const rows = groups.flatMap(([standing, group]) => {
    const [first] = group
    const attention = first !== undefined && isBehind(first)
    const count = String(group.length).padStart(5)
    const line = renderTable([[count, attention ? paint.yellow(standing) : standing]])
    const names = attention ? wrapWords(`       ${namesOf(group)}`, paint.columns) : []
    return [line, ...names.map((text) => `${paint.dim(text)}\n`)]
  })
  const told = tellFailures(failures).flatMap((line) => wrapWords(line, paint.columns))
  return [
    `${paint.bold(fleet)}  ${plural(databases.length, 'database')}, ${summary}\n`,
    ...rows,
    ...told.map((line) => `  ${line}\n`),
  ].join('')
}

/** In a matrix a fleet is one line: how many of its databases have everything. */
export const foldFleets = (databases: readonly DatabaseStatus[]): DatabaseStatus[] =>
  [...Map.groupBy(databases, ({ fleet, name }) => fleet ?? name).entries()].flatMap(([fleet, group]) => {
    if (group[0]?.fleet === undefined) return group
    const behind = group.filter(isBehind).length
    const name = `${fleet} (databases)`
    return {
      name,
      database: fleet,
      exists: true,
      applied: group.length - behind,
      pending: behind,
      migrations: [],
    }
  })
