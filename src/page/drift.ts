import { plural } from '../report/render.ts'
import type { Difference, PageDatabase, PageEnvironment } from './document.ts'
import { type Html, html } from './html.ts'

const side = (title: string, definition: string | null): Html =>
  html`<div><p class="soft">${title}</p>${definition === null ? html`<p>not there</p>` : html`<pre>${definition}</pre>`}</div>`

const renderDifference = ({ object, live, expected }: Difference): Html =>
  html`<li><h5 class="file">${object}</h5><div class="sides">${side('in the database', live)}${side('by its migrations', expected)}</div></li>`

/** Where somebody looked: how the live schema differs from what the applied migrations make. */
export const renderDrift = (
  environments: readonly PageEnvironment[],
  databases: readonly (PageDatabase | undefined)[],
): Html | undefined => {
  const looked = databases.flatMap((database, index) =>
    database?.drift ? [{ name: environments[index]?.environment ?? '', differences: database.drift }] : [],
  )
  if (looked.length === 0) return undefined
  return html`<h3>Drift</h3>${looked.map(({ name, differences }) =>
    differences.length === 0
      ? html`<p class="soft">${name}: the schema is what its migrations make of it.</p>`
      : html`<h4>${name}: ${plural(differences.length, 'difference')}</h4><ul class="drift">${differences.map(renderDifference)}</ul>`,
  )}`
}
