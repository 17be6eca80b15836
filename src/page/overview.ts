import { type Matrix, type MatrixRow, rowsOf } from '../report/matrix.ts'
import { plural, renderDuration } from '../report/render.ts'
import type { PageDatabase, PageEnvironment } from './document.ts'
import { driftVerdict } from './drift.ts'
import type { PageFleet } from './fleet.ts'
import { breakable, type Html, html } from './html.ts'
import { icon } from './icons.ts'
import { lastApplied, lastFailed } from './ledger.ts'
import { clockOf, dayOf } from './moment.ts'
import { seriesMark } from './series.ts'

const verdictOf = ({ error, databases }: PageEnvironment): Html => {
  if (error) return html`<p class="verdict bad">${icon('failed')} could not be read</p>`
  const refused = databases.filter((database) => database.error).length
  if (refused > 0)
    return html`<p class="verdict bad">${icon('failed')} ${plural(refused, 'database')} in no state to be read</p>`
  const states = databases.flatMap(({ migrations }) => migrations.map(({ state }) => state))
  const unusual = Map.groupBy(
    states.filter((state) => state !== 'applied'),
    (state) => state,
  )
  const [first] = unusual.keys()
  const told = [...unusual].map(([state, { length }]) => `${length} ${state}`).join(', ')
  if (first) return html`<p class="verdict wait">${icon(first)} ${told}</p>`
  if (databases.length === 0) return html`<p class="verdict soft">no managed database yet</p>`
  return html`<p class="verdict ok">${icon('applied')} up to date</p>`
}

const problem = ({ message, details, hint }: NonNullable<PageEnvironment['error']>): Html => html`
<div class="problem"><p>${message}</p>${details.map((detail) => html`<p>${detail}</p>`)}
${hint?.split('\n').map((line) => html`<p><code>${line}</code></p>`)}</div>`

const card = (environment: PageEnvironment, index: number): Html => {
  const { host, network, server, databases, error } = environment
  const place = [host && `host ${host}`, server, network && `network ${network}`].filter(Boolean).join(' · ')
  const applied = databases.reduce((sum, database) => sum + database.applied, 0)
  return html`<li class="card"><h3>${seriesMark(index)} ${environment.environment}</h3>${verdictOf(environment)}${driftVerdict(environment)}
${!error && html`<p class="soft">${applied} applied in ${plural(databases.length, 'database')}</p>`}
<p class="soft">${place}</p>${error && problem(error)}${databases.map((database) => database.error && problem(database.error))}</li>`
}

export const renderEnvironments = (environments: readonly PageEnvironment[]): Html =>
  html`<section aria-labelledby="environments"><h2 id="environments">Environments</h2>
<ul class="cards">${environments.map(card)}</ul></section>`

const when = (line: ReturnType<typeof lastApplied>): Html | undefined =>
  line &&
  html`<time datetime="${line.startedAt}">${dayOf(line.startedAt)}</time><span class="soft">${clockOf(line.startedAt)}${line.duration !== null && ` · ${renderDuration(line.duration)}`}</span>`

const appliedCell = (database: PageDatabase | undefined, { version }: MatrixRow): Html => {
  const told = when(lastApplied(database, version))
  return html`${icon('applied')}<span class="cell">${told ? html`<span class="hidden">applied </span>${told}` : 'applied'}</span>`
}

const stateCell = (
  state: NonNullable<MatrixRow['states'][number]>,
  database: PageDatabase | undefined,
  row: MatrixRow,
): Html => {
  if (state === 'applied') return appliedCell(database, row)
  const failed = lastFailed(database, row.version)
  const since =
    state === 'edited' || state === 'missing-file' ? when(lastApplied(database, row.version)) : undefined
  const note = failed && html`<span class="bad">failed ${dayOf(failed.startedAt)}</span>`
  return html`${icon(state)}<span class="cell"><strong class="is-${state}">${state}</strong>${note ?? since}</span>`
}

type Columns = { environments: readonly PageEnvironment[]; databases: readonly (PageDatabase | undefined)[] }

const cell = ({ environments, databases }: Columns, row: MatrixRow, index: number): Html => {
  const environment = environments[index]
  const state = row.states[index]
  const unread = environment?.error || databases[index]?.error
  const content = state
    ? stateCell(state, databases[index], row)
    : html`${icon('unread')}<span class="cell soft">${unread ? 'not read' : 'not there'}</span>`
  return html`<td role="cell"><span class="where" aria-hidden="true">${environment?.environment}</span>${content}</td>`
}

/** Of a fleet: in how many of its databases. */
const countCell = ({ environment }: PageEnvironment, states: MatrixRow['states']): Html => {
  const counts = Map.groupBy(states, (state) => state ?? 'not there')
  const applied = counts.get('applied')?.length ?? 0
  const others = [...counts].filter(([state]) => state !== 'applied')
  const told = [
    `${applied} of ${states.length} applied`,
    ...others.map(([state, { length }]) => `${length} ${state}`),
  ]
  const [odd] = others.flatMap(([state]) => (state === 'not there' ? 'unread' : state))
  const content =
    states.length === 0
      ? html`${icon('unread')}<span class="cell soft">none there</span>`
      : html`${icon(odd ?? 'applied')}<span class="cell">${odd ? html`<strong class="is-${odd}">${told.join(', ')}</strong>` : `all ${states.length} applied`}</span>`
  return html`<td role="cell"><span class="where" aria-hidden="true">${environment}</span>${content}</td>`
}

type Group = {
  name: string
  id: string
  rows: readonly MatrixRow[]
  cells: (row: MatrixRow) => readonly Html[]
}

const group = (width: number, { name, id, rows, cells }: Group): Html =>
  html`<tbody role="rowgroup"><tr role="row" class="group"><th role="rowheader" scope="rowgroup" colspan="${width}"><a href="#${id}">${name}</a></th></tr>
${rows.map(
  (
    row,
  ) => html`<tr role="row"><th role="rowheader" scope="row" class="file">${row.file !== null ? breakable(row.file) : html`${row.version} <span class="soft">no file</span>`}</th>
${cells(row)}</tr>`,
)}</tbody>`

const groupOf = (
  environments: readonly PageEnvironment[],
  { name, databases, rows }: Matrix<PageDatabase>,
  index: number,
): Group => ({
  ...{ name, rows, id: `database-${index + 1}` },
  cells: (row) => environments.map((_, column) => cell({ environments, databases }, row, column)),
})

const fleetGroupOf = (
  environments: readonly PageEnvironment[],
  { name, databases }: PageFleet,
  index: number,
): Group => {
  const ends = databases.map((_, at) => databases.slice(0, at + 1).flat().length)
  return {
    ...{ name, rows: rowsOf(databases.flat()), id: `fleet-${index + 1}` },
    cells: ({ states }) =>
      environments.map((environment, at) =>
        countCell(environment, states.slice(ends[at - 1] ?? 0, ends[at])),
      ),
  }
}

/** Environments side by side on a sheet; more of them are blocks there. */
const fitOnPaper = 3

/** Migrations × environments. Its roles are written out, since narrow screens lay it out as blocks. */
export const renderMatrix = (
  environments: readonly PageEnvironment[],
  { matrices, fleets }: { matrices: readonly Matrix<PageDatabase>[]; fleets: readonly PageFleet[] },
): Html => html`<section aria-labelledby="matrix"><h2 id="matrix">Migrations</h2>
<div class="scroll" role="region" aria-label="Every migration in every environment" tabindex="0"><table role="table" class="matrix${environments.length > fitOnPaper && ' many'}"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Migration</th>
${environments.map(({ environment }, index) => html`<th role="columnheader" scope="col">${seriesMark(index)} ${environment}</th>`)}</tr></thead>
${[
  ...matrices.map((matrix, index) => groupOf(environments, matrix, index)),
  ...fleets.map((fleet, index) => fleetGroupOf(environments, fleet, index)),
].map((each) => group(environments.length + 1, each))}</table></div></section>`
