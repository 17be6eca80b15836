import type { DatabaseInventory, Inventory } from '../model/inventory.ts'
import type { Prediction } from '../model/prediction.ts'
import { describeUnmade, type Unmade } from '../model/unmade.ts'
import { renderBytes } from './backup.ts'
import type { Paint } from './paint.ts'
import { plural, renderDuration, renderTable } from './render.ts'

export type SurveyView = {
  inventory: Inventory
  managed: readonly string[]
  carried: { databases: readonly string[]; roles: readonly string[] }
  unmade: readonly Unmade[]
  prediction: Prediction
  bytes: number
  /** Environments with a checkout of their own, and its directory. */
  checkouts: readonly { environment: string; directory: string }[]
}

const fateOf = (name: string, { managed, carried }: SurveyView, paint: Paint): string => {
  if (carried.databases.includes(name)) return paint.green('comes along')
  if (managed.includes(name)) return paint.yellow('rows go; made anew by its migrations')
  return name === 'postgres' ? paint.dim("the server's own") : paint.red('goes')
}

const settingsOf = ({ settings }: DatabaseInventory): string => {
  const count = settings.reduce((sum, { values }) => sum + values.length, 0)
  return count > 0 ? plural(count, 'setting') : ''
}

const renderDatabases = (view: SurveyView, paint: Paint): string =>
  renderTable(
    view.inventory.databases.map((database) => {
      const rows = database.tables.reduce((sum, table) => sum + table.rows, 0)
      const owner = `owner ${database.owner}`
      return [
        database.name,
        renderBytes(database.size),
        plural(rows, 'row'),
        owner,
        settingsOf(database),
        fateOf(database.name, view, paint),
      ]
    }),
    '  ',
  )

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

const renderCheckouts = ({ checkouts }: SurveyView): string =>
  checkouts.map(({ environment, directory }) => `${environment} is migrated from ${directory}.\n`).join('')

/** What is on the server and what becomes of it, and how long nobody is served. */
export const renderSurvey = (view: SurveyView, paint: Paint): string =>
  [
    'On the server now:\n',
    renderDatabases(view, paint),
    renderUnmade(view, paint),
    renderRoles(view),
    renderCheckouts(view),
    renderPrediction(view),
  ].join('')
