import type { StatusDocument } from './documents.ts'
import { foldFleets, renderFleet } from './fleet-status.ts'
import type { Paint } from './paint.ts'
import { renderError, renderTable } from './render.ts'
import { isBehind, renderLegend, renderTotal } from './status-foot.ts'
import { renderStatusMatrix } from './status-matrix.ts'

type EnvironmentStatus = StatusDocument['environments'][number]
type DatabaseStatus = EnvironmentStatus['databases'][number]
type Migration = DatabaseStatus['migrations'][number]

const summarise = ({ exists, applied, pending }: DatabaseStatus, paint: Paint): string => {
  if (!exists) return paint.yellow('does not exist yet')
  return pending > 0 ? `${applied} applied, ${paint.yellow(`${pending} pending`)}` : `${applied} applied`
}

const renderMigration = ({ version, file, state }: Migration, paint: Paint): string[] => {
  const symbol = state === 'applied' ? paint.green(paint.symbols.done) : paint.yellow(paint.symbols.skipped)
  return [
    ` ${symbol}`,
    file ?? `${version} (no file in this checkout)`,
    state === 'applied' ? '' : paint.yellow(state),
  ]
}

/** Above this many the oldest applied ones are only counted. */
const most = 20
const kept = 3

/** The applied files that are not shown: all but the newest few, where there are many. */
const foldedOf = (migrations: readonly Migration[]): ReadonlySet<Migration> => {
  if (migrations.length <= most) return new Set()
  const applied = migrations.filter(({ state }) => state === 'applied')
  return new Set(applied.slice(0, Math.max(0, applied.length - kept)))
}

const renderDatabase = (status: DatabaseStatus, paint: Paint): string => {
  const { database, error, migrations } = status
  if (error) return renderError({ hint: undefined, ...error }, paint)
  const folded = foldedOf(migrations)
  const rows = migrations
    .filter((migration) => !folded.has(migration))
    .map((migration) => renderMigration(migration, paint))
  const more = folded.size > 0 ? paint.dim(`    ${folded.size} older ones applied\n`) : ''
  return `${paint.bold(database)}  ${summarise(status, paint)}\n${more}${renderTable(rows)}`
}

/** What needs somebody comes first. */
const behindFirst = (databases: readonly DatabaseStatus[]): DatabaseStatus[] => [
  ...databases.filter(isBehind),
  ...databases.filter((database) => !isBehind(database)),
]

/** A fleet of several databases is summed up, unless all are asked for. */
const sectionsOf = (databases: readonly DatabaseStatus[], all: boolean, paint: Paint): string[] => {
  const members = all ? [] : databases.filter(({ fleet }) => fleet !== undefined)
  const fleets = [...Map.groupBy(members, ({ fleet = '' }) => fleet)].filter(([, own]) => own.length > 1)
  const summed = new Set(fleets.flatMap(([, own]) => own))
  const single = databases.filter((database) => !summed.has(database))
  return [
    ...behindFirst(single).map((database) => renderDatabase(database, paint)),
    ...fleets.map(([fleet, own]) => renderFleet(fleet, own, paint)),
  ]
}

const renderEnvironment = (
  { environment, host, network, server, error, databases }: EnvironmentStatus,
  { all, paint }: { all: boolean; paint: Paint },
): string => {
  const place = [host && `host ${host}`, server, network && `network ${network}`].filter(Boolean).join(' · ')
  const header = `${paint.bold(environment)}${place ? paint.dim(` · ${place}`) : ''}\n`
  if (error) return header + renderError({ hint: undefined, ...error }, paint)
  if (databases.length === 0) return `${header}no managed database yet\n`
  const sections = sectionsOf(databases, all, paint)
  return [header, ...sections, renderTotal(databases, paint), renderLegend(databases, paint)].join('')
}

/** Every environment, database and migration, for people: several environments side by side. */
export const renderStatus = (
  { environments }: StatusDocument,
  paint: Paint,
  { all }: { all: boolean } = { all: false },
): string => {
  const [first, ...others] = environments
  if (first && others.length === 0) return renderEnvironment(first, { all, paint })
  const shown = all
    ? environments
    : environments.map((each) => ({ ...each, databases: foldFleets(each.databases) }))
  const of = (some: readonly EnvironmentStatus[]): DatabaseStatus[] =>
    some.flatMap(({ databases }) => databases)
  const foot = renderTotal(of(environments), paint) + renderLegend(of(shown), paint)
  return renderStatusMatrix(shown, foot, paint)
}
