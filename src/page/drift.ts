import { changedLines } from '../model/diff-lines.ts'
import type { DifferenceDocument } from '../report/drift-documents.ts'
import { plural } from '../report/render.ts'
import type { PageDatabase, PageDrift, PageEnvironment } from './document.ts'
import { type Html, html } from './html.ts'
import { icon } from './icons.ts'
import { seriesMark } from './series.ts'

const says: Readonly<Record<DifferenceDocument['state'], string>> = {
  missing: 'is missing',
  unexpected: 'is made by no file',
  changed: 'is another one',
}

/** What the files make (-), and what is there (+); each is a block, so that a copy has its lines. */
const renderLine = (line: string): Html =>
  line.startsWith('-') ? html`<del>${line}</del>` : html`<ins>${line}</ins>`

const renderDifference = ({ object, state, expected, found }: DifferenceDocument): Html =>
  html`<li><p><span class="file">${object}</span> <span class="soft">${says[state]}</span></p>
<pre>${changedLines(expected, found)
    .filter((line) => line.length > 2)
    .map(renderLine)}</pre></li>`

const verdictOf = ({ applied, differences, error }: PageDrift): Html => {
  const files = plural(applied, 'applied file')
  const make = applied === 1 ? 'makes' : 'make'
  if (error) return html`${icon('unread')} could not be compared`
  return differences.length === 0
    ? html`<span class="ok">${icon('applied')}</span> as its ${files} ${make} it`
    : html`<span class="bad">${icon('drift')} ${plural(differences.length, 'difference')}</span> from what its ${files} ${make}`
}

/** More of them are a click away. */
const openUntil = 12
const unreadable = 'They could not be read back, so some may be the same, written another way:'

/** How one database differs; its list opens with a click, and with the browser's find. */
const renderOne = (drift: PageDrift, environment: PageEnvironment, index: number): Html => {
  const { differences, unread, error } = drift
  return html`<li><p>${seriesMark(index)} <strong>${environment.environment}</strong> ${verdictOf(drift)}</p>
${error && html`<div class="problem"><p>${error.message}</p>${error.details.map((detail) => html`<p>${detail}</p>`)}</div>`}
${unread !== undefined && html`<p class="soft">${unreadable} ${unread}</p>`}
${differences.length > 0 && html`<details${differences.length <= openUntil && html` open`}><summary>${plural(differences.length, 'difference')} in ${environment.environment}</summary><ul>${differences.map(renderDifference)}</ul></details>`}</li>`
}

/** Of a database in all environments in which somebody asked for it; `series`: what each of these is drawn with. */
export const renderDrift = (
  environments: readonly PageEnvironment[],
  databases: readonly (PageDatabase | undefined)[],
  series: readonly number[] = environments.map((_, index) => index),
): Html | undefined => {
  const told = databases.flatMap((database, index) => {
    const environment = environments[index]
    return database?.drift && environment
      ? renderOne(database.drift, environment, series[index] ?? index)
      : []
  })
  if (told.length === 0) return undefined
  const differs = databases.some((database) => database?.drift && database.drift.differences.length > 0)
  return html`<h3>Drift</h3>${differs && html`<p class="legend"><span class="soft">- what the files make, + what is there</span></p>`}<ul class="drift">${told}</ul>`
}

/** Of an environment as a whole, where it was asked for. */
export const driftVerdict = ({ databases }: PageEnvironment): Html | undefined => {
  const asked = databases.flatMap(({ drift }) => drift ?? [])
  if (asked.length === 0) return undefined
  const different = asked.filter(({ differences }) => differences.length > 0).length
  const unknown = asked.filter(({ error }) => error).length
  const told = [
    ...(different > 0 ? [`${different} of ${plural(asked.length, 'schema')} drifted`] : []),
    ...(unknown > 0 ? [`${unknown} not compared`] : []),
  ]
  if (told.length === 0) return html`<p class="verdict ok">${icon('applied')} no drift</p>`
  return html`<p class="verdict ${different > 0 ? 'bad' : 'soft'}">${icon(different > 0 ? 'drift' : 'unread')} ${told.join(', ')}</p>`
}
