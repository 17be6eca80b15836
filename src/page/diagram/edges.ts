import { type Html, html } from '../html.ts'
import type { Passage, PlacedEdge, PlacedTable, Point } from './layout.ts'
import { headHeight, rowHeight, titleOf } from './measure.ts'

const round = (value: number): string => String(Math.round(value * 10) / 10)
const write = ({ x, y }: Point): string => `${round(x)} ${round(y)}`

const rowOf = ({ table, y }: PlacedTable, column: string | undefined): number => {
  const index = Math.max(
    0,
    table.columns.findIndex(({ name }) => name === column),
  )
  return y + headHeight + (index + 0.5) * rowHeight
}

/** From point to point, level at each of them. */
const curve = ([first, ...rest]: readonly [Point, ...Point[]]): string => {
  let last = first
  const bends = rest.map((next) => {
    const half = (next.x - last.x) / 2
    const bend = `C${write({ x: last.x + half, y: last.y })} ${write({ x: next.x - half, y: next.y })} ${write(next)}`
    last = next
    return bend
  })
  return `M${write(first)}${bends.join('')}`
}

/** Level all along the tables that it passes. */
const passing = (via: readonly Passage[]): Point[] =>
  via.flatMap(({ x, y, half }) => [
    { x: x - half, y },
    { x: x + half, y },
  ])

/** The side of many: a crow's foot that ends at a column. */
const foot = ({ x, y }: Point, direction: 1 | -1): string =>
  `M${write({ x: x - 9 * direction, y })}L${write({ x, y: y - 4.5 })}M${write({ x: x - 9 * direction, y })}L${write({ x, y: y + 4.5 })}`

/** The side of one: a bar. */
const bar = ({ x, y }: Point, direction: 1 | -1): string =>
  `M${write({ x: x + 5 * direction, y: y - 4.5 })}L${write({ x: x + 5 * direction, y: y + 4.5 })}`

const pathOf = ({ from, to, reference, via }: PlacedEdge): string => {
  const [column] = reference.columns
  const right = { x: from.x + from.width, y: from.y + headHeight / 2 }
  const many = rowOf(to, column)
  if (from === to) {
    const end = { x: right.x, y: many }
    const out = right.x + 30
    return `M${write(right)}C${write({ x: out, y: right.y })} ${write({ x: out, y: many })} ${write(end)}${foot(end, -1)}${bar(right, 1)}`
  }
  // Where foreign keys go round in a circle, one of them runs the other way.
  if (to.x < right.x) {
    const left = { x: from.x, y: from.y + headHeight / 2 }
    const end = { x: to.x + to.width, y: many }
    const back = passing(via).sort((a, b) => b.x - a.x)
    return `${curve([left, ...back, end])}${foot(end, -1)}${bar(left, -1)}`
  }
  const end = { x: to.x, y: many }
  return `${curve([right, ...passing(via), end])}${foot(end, 1)}${bar(right, 1)}`
}

export const renderEdge = (edge: PlacedEdge): Html => {
  const { from, to, reference } = edge
  const title = `${titleOf(to.table)} (${reference.columns.join(', ')}) → ${titleOf(from.table)}: ${reference.name}`
  return html`<path class="edge" d="${pathOf(edge)}"><title>${title}</title></path>`
}
