import { renderBytes } from '../../backup/report.ts'
import type { DatabaseInventory, Inventory } from '../../model/inventory.ts'
import type { Prediction } from '../../model/prediction.ts'
import { defaultMaintenance, nameOfSetting } from '../../model/sql.ts'
import { describeUnmade, type Unmade } from '../../model/unmade.ts'
import type { Paint } from '../../report/paint.ts'
import { plural, renderDuration, renderTable } from '../../report/render.ts'

export type SurveyView = {
  inventory: Inventory
  managed: readonly string[]
  /** Databases that a new server has before any migration. */
  own: readonly string[]
  carried: { databases: readonly string[]; roles: readonly string[] }
  unmade: readonly Unmade[]
  given: Readonly<Record<string, readonly string[]>>
  system: readonly string[]
  prediction: Prediction
  bytes: number
  /** Environments with a checkout of their own, and its directory. */
  checkouts: readonly { environment: string; directory: string }[]
}

const fateOf = (name: string, { managed, carried, own }: SurveyView, paint: Paint): string => {
  if (carried.databases.includes(name)) return paint.green('comes along')
  if (managed.includes(name)) return paint.yellow('rows go')
  return own.includes(name) ? paint.dim("server's own") : paint.red('goes')
}

/** What is not as `create database` makes it: `owner reporter, sets search_path`. */
const propertiesOf = ({ owner, settings }: DatabaseInventory, usual: string | undefined): string => {
  const names = [...new Set(settings.flatMap(({ values }) => values.map(nameOfSetting)))]
  const parts = [
    ...(owner === usual ? [] : [`owner ${owner}`]),
    ...(names.length > 0 ? [`sets ${names.join(', ')}`] : []),
  ]
  return parts.join(', ')
}

const rowsOf = ({ tables }: DatabaseInventory): number => tables.reduce((sum, { rows }) => sum + rows, 0)

const renderDatabases = (view: SurveyView, paint: Paint): string => {
  const { databases } = view.inventory
  const usual = databases.find(({ name }) => name === defaultMaintenance)?.owner
  return renderTable(
    databases.map((database) => [
      database.name,
      renderBytes(database.size),
      plural(rowsOf(database), 'row'),
      fateOf(database.name, view, paint),
      propertiesOf(database, usual),
    ]),
    '  ',
  )
}

const renderRows = ({ inventory, managed }: SurveyView): string =>
  inventory.databases.some((database) => managed.includes(database.name) && rowsOf(database) > 0)
    ? '  rows go: migrations make these databases anew; what is in them now stays in\n  the backup and the copy\n'
    : ''

const renderRoles = ({ inventory, carried }: SurveyView): string => {
  const own = inventory.roles.filter(({ name }) => !name.startsWith('pg_')).map(({ name }) => name)
  const gone = own.filter((name) => !carried.roles.includes(name))
  const along = carried.roles.length > 0 ? `come along: ${carried.roles.join(', ')}` : 'none comes along'
  return `  roles: ${along}${gone.length > 0 ? `; made anew or gone: ${gone.join(', ')}` : ''}\n`
}

const renderPrediction = ({ prediction, bytes }: SurveyView): string => {
  const { copy, migrations, carried, stacks, total } = prediction
  const parts = [
    `copying ${renderBytes(bytes)} ${renderDuration(copy)}`,
    `migrations ${renderDuration(migrations)}`,
    `carrying over ${renderDuration(carried)}`,
    `stopping and starting ${renderDuration(stacks)}`,
  ]
  return `The services will be down for about ${renderDuration(total)}: ${parts.join(', ')}.\n`
}

const renderUnmade = ({ unmade }: SurveyView, paint: Paint): string =>
  unmade.map((found) => `  ${paint.red('goes')}: ${describeUnmade(found)}\n`).join('')

const listed = 4

/** A few of the grants: how many there are says enough of the rest. */
const renderGiven = ({ given }: SurveyView): string =>
  Object.entries(given)
    .filter(([, all]) => all.length > 0)
    .map(([database, all]) => {
      const more = all.length > listed ? [`and ${all.length - listed} more`] : []
      const lines = [...all.slice(0, listed), ...more].map((line) => `    ${line}\n`)
      return `  given by hand in ${database}, comes along:\n${lines.join('')}`
    })
    .join('')

const renderSystem = ({ system }: SurveyView): string =>
  system.length > 0 ? `  the server's settings: come along: ${system.join(', ')}\n` : ''

const renderCheckouts = ({ checkouts }: SurveyView): string =>
  checkouts.map(({ environment, directory }) => `${environment} is migrated from ${directory}.\n`).join('')

/** What is on the server and what becomes of it, and how long nobody is served. */
export const renderSurvey = (view: SurveyView, paint: Paint): string =>
  [
    'On the server now:\n',
    renderDatabases(view, paint),
    renderRows(view),
    renderUnmade(view, paint),
    renderGiven(view),
    renderRoles(view),
    renderSystem(view),
    renderCheckouts(view),
    renderPrediction(view),
  ].join('')
