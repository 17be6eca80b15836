import { Graph, layout } from '@dagrejs/dagre'
import type { PageTable } from '../document.ts'
import { idOf, measure, targetOf } from './measure.ts'

export type Point = { x: number; y: number }

/** A table's box; `x` and `y` are its left upper corner. */
export type PlacedTable = { table: PageTable; x: number; y: number; width: number; height: number }

/** A place between the tables of a rank, which are at most twice `half` wide. */
export type Passage = Point & { half: number }

/** From the table that is pointed to, through the ranks between, to the one that has the foreign key. */
export type PlacedEdge = {
  from: PlacedTable
  to: PlacedTable
  reference: PageTable['references'][number]
  via: Passage[]
}

export type Layout = { width: number; height: number; tables: PlacedTable[]; edges: PlacedEdge[] }

const gap = 28
const betweenRanks = 58
/** A page of 1280 shows it without scrolling. */
const comfortable = 1140

/** Tables that hang together by foreign keys, in the order of their first. */
const componentsOf = (tables: readonly PageTable[]): PageTable[][] => {
  const component = new Map(tables.map((table) => [idOf(table), [table]]))
  for (const table of tables)
    for (const reference of table.references) {
      const mine = component.get(idOf(table))
      const theirs = component.get(targetOf(reference))
      if (!mine || !theirs || mine === theirs) continue
      const [more, fewer] = mine.length < theirs.length ? [theirs, mine] : [mine, theirs]
      more.push(...fewer)
      for (const moved of fewer) component.set(idOf(moved), more)
    }
  return [...new Set(component.values())]
}

const edgesOf = (tables: readonly PageTable[]) => {
  const present = new Set(tables.map(idOf))
  return tables.flatMap((table) =>
    table.references
      .filter((reference) => present.has(targetOf(reference)))
      .map((reference) => ({ table, reference, id: JSON.stringify([idOf(table), reference.name]) })),
  )
}

/** Of dagre's points the first and the last touch tables; of the others every second one lies in a rank. */
const passagesOf = (points: readonly Point[], widths: ReadonlyMap<number, number>): Passage[] =>
  points
    .slice(1, -1)
    .filter((_, index) => index % 2 === 1)
    .map(({ x, y }) => ({ x, y, half: (widths.get(Math.round(x)) ?? 0) / 2 }))

/** One component, laid out from left to right: whoever is pointed to stands left. */
const layOut = (tables: readonly PageTable[]): Layout => {
  const graph = new Graph({ multigraph: true })
  graph.setGraph({ rankdir: 'LR', nodesep: gap, ranksep: betweenRanks, edgesep: 12, marginx: 0, marginy: 0 })
  for (const table of tables) {
    const { width, height } = measure(table)
    graph.setNode(idOf(table), { width, height })
  }
  const edges = edgesOf(tables)
  for (const { table, reference, id } of edges)
    if (targetOf(reference) !== idOf(table)) graph.setEdge(targetOf(reference), idOf(table), {}, id)
  layout(graph)
  const placed = new Map(
    tables.map((table): [string, PlacedTable] => {
      const { x = 0, y = 0, width = 0, height = 0 } = graph.node(idOf(table)) as Partial<PlacedTable>
      const { box } = measure(table)
      return [idOf(table), { table, x: x - width / 2, y: y - height / 2, width: box, height }]
    }),
  )
  // All tables of a rank have one middle.
  const widths = new Map<number, number>()
  for (const table of tables) {
    const { x = 0, width = 0 } = graph.node(idOf(table)) as Partial<PlacedTable>
    widths.set(Math.round(x), Math.max(width, widths.get(Math.round(x)) ?? 0))
  }
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number }
  return {
    width,
    height,
    tables: [...placed.values()],
    edges: edges.flatMap(({ table, reference, id }) => {
      const from = placed.get(targetOf(reference))
      const to = placed.get(idOf(table))
      if (!from || !to) return []
      const label = from === to ? undefined : graph.edge(targetOf(reference), idOf(table), id)
      const points = (label as { points?: Point[] } | undefined)?.points ?? []
      return [{ from, to, reference, via: passagesOf(points, widths) }]
    }),
  }
}

const move = ({ tables, edges, width, height }: Layout, by: Point): Layout => {
  const moved = new Map(tables.map((table) => [table, { ...table, x: table.x + by.x, y: table.y + by.y }]))
  const at = (table: PlacedTable): PlacedTable => moved.get(table) ?? table
  return {
    width,
    height,
    tables: [...moved.values()],
    edges: edges.map(({ from, to, reference, via }) => ({
      from: at(from),
      to: at(to),
      reference,
      via: via.map(({ x, y, half }) => ({ x: x + by.x, y: y + by.y, half })),
    })),
  }
}

/** On shelves, the high ones first, so that tables without foreign keys do not make a tower. */
const pack = (parts: readonly Layout[]): Layout => {
  const area = parts.reduce((sum, { width, height }) => sum + (width + gap) * (height + gap), 0)
  const most = Math.max(...parts.map(({ width }) => width), Math.min(comfortable, Math.sqrt(area) * 1.7))
  let corner = { x: 0, y: 0 }
  let shelf = 0
  let width = 0
  const placed = [...parts]
    .sort((a, b) => b.height - a.height)
    .map((part) => {
      if (corner.x > 0 && corner.x + part.width > most) {
        corner = { x: 0, y: corner.y + shelf + gap }
        shelf = 0
      }
      const there = move(part, corner)
      width = Math.max(width, corner.x + part.width)
      corner = { x: corner.x + part.width + gap, y: corner.y }
      shelf = Math.max(shelf, part.height)
      return there
    })
  return {
    width,
    height: corner.y + shelf,
    tables: placed.flatMap(({ tables }) => tables),
    edges: placed.flatMap(({ edges }) => edges),
  }
}

/** Where tables stand and how foreign keys run, in pixels; the same for the same tables. */
export const layOutTables = (tables: readonly PageTable[]): Layout => pack(componentsOf(tables).map(layOut))
