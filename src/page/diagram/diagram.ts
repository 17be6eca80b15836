import { plural } from '../../report/render.ts'
import type { PageDatabase, PageEnvironment, PageTable } from '../document.ts'
import { type Html, html, trusted } from '../html.ts'
import { renderEdge } from './edges.ts'
import { layOutTables, type PlacedTable } from './layout.ts'
import { headHeight, indent, rowHeight, titleOf, typeOf } from './measure.ts'

/** More than a picture can show, and than a layout takes a bearable time for: then they are listed. */
const most = 400

const diamond = trusted('<path d="M0-4 4 0 0 4-4 0z"/>')

const column = (
  { table, x, y, width }: PlacedTable,
  each: PageTable['columns'][number],
  index: number,
): Html => {
  const at = Math.round(y + headHeight + (index + 0.5) * rowHeight)
  const points = table.references.some(({ columns }) => columns.includes(each.name))
  const mark = each.key ? 'key' : 'foreign'
  return html`${(each.key || points) && html`<g class="${mark}" transform="translate(${Math.round(x) + 12} ${at})">${diamond}</g>`}<text x="${Math.round(x) + indent}" y="${at + 4}">${each.name}</text><text class="type" x="${Math.round(x) + width - 10}" y="${at + 4}" text-anchor="end">${typeOf(each)}</text>`
}

const box = (placed: PlacedTable): Html => {
  const { table, width, height } = placed
  const x = Math.round(placed.x)
  const y = Math.round(placed.y)
  return html`<g><rect class="box" x="${x}" y="${y}" width="${width}" height="${Math.round(height)}" rx="6"/><path class="rule" d="M${x} ${y + headHeight - 2}h${width}"/>
<text class="name" x="${x + 10}" y="${y + 18}">${titleOf(table)}${table.comment !== null && html`<title>${table.comment}</title>`}</text>${table.columns.map((each, index) => column({ ...placed, x, y }, each, index))}</g>`
}

const edge = 12

const picture = (tables: readonly PageTable[], label: string): Html => {
  const { width, height, tables: placed, edges } = layOutTables(tables)
  const [w, h] = [Math.ceil(width) + 2 * edge, Math.ceil(height) + 2 * edge]
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0"><svg class="diagram" role="group" aria-label="${label}" width="${w}" height="${h}" viewBox="${-edge} ${-edge} ${w} ${h}">${edges.map(renderEdge)}${placed.map(box)}</svg></div>`
}

const list = (tables: readonly PageTable[]): Html =>
  html`<p class="soft">Too many for a diagram:</p><ul class="names">${tables.map((table) => html`<li>${titleOf(table)}</li> `)}</ul>`

type Schema = { environments: readonly string[]; tables: readonly PageTable[]; applied: number }

/** Environments with the same tables share a diagram; the one with the most migrations comes first. */
const schemasOf = (
  environments: readonly PageEnvironment[],
  databases: readonly (PageDatabase | undefined)[],
): Schema[] => {
  const read = databases.flatMap((database, index) =>
    database?.exists && !database.error
      ? [
          {
            environment: environments[index]?.environment ?? '',
            tables: database.tables,
            applied: database.applied,
          },
        ]
      : [],
  )
  const groups = Map.groupBy(read, ({ tables }) => JSON.stringify(tables))
  return [...groups.values()]
    .map((members) => ({
      environments: members.map(({ environment }) => environment),
      tables: members[0]?.tables ?? [],
      applied: Math.max(...members.map(({ applied }) => applied)),
    }))
    .sort((a, b) => b.applied - a.applied)
}

const renderSchema = (name: string, { environments, tables }: Schema, isFirst: boolean): Html => {
  const where = environments.join(', ')
  const references = tables.reduce((sum, table) => sum + table.references.length, 0)
  const caption = html`<strong>${where}</strong> <span class="soft">${plural(tables.length, 'table')}, ${plural(references, 'foreign key')}</span>`
  const label = `Tables of ${name} in ${where}`
  const content = tables.length > most ? list(tables) : tables.length > 0 && picture(tables, label)
  return isFirst
    ? html`<figure><figcaption>${caption}</figcaption>${content}</figure>`
    : html`<details><summary>${caption}</summary><figure>${content}</figure></details>`
}

/** The tables of a database and their foreign keys; one diagram for each schema that is told apart. */
export const renderDiagrams = (
  name: string,
  environments: readonly PageEnvironment[],
  databases: readonly (PageDatabase | undefined)[],
): Html | undefined => {
  const schemas = schemasOf(environments, databases)
  if (schemas.length === 0) return undefined
  return html`<h3>Tables</h3><p class="legend"><span class="key"><svg class="mark" viewBox="-7 -7 14 14" aria-hidden="true">${diamond}</svg> primary key</span> <span class="foreign"><svg class="mark" viewBox="-7 -7 14 14" aria-hidden="true">${diamond}</svg> foreign key</span> <span><code>?</code> may be null</span></p>
${schemas.map((schema, index) => renderSchema(name, schema, index === 0))}`
}
