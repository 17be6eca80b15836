import type { Matrix, MatrixRow } from '../report/matrix.ts'
import { renderDuration } from '../report/render.ts'
import type { PageDatabase, PageEnvironment } from './document.ts'
import { breakable, type Html, html } from './html.ts'
import { lastApplied } from './ledger.ts'
import { seriesClass, seriesMark, seriesShape } from './series.ts'

type Point = { environment: number; ms: number }
type Row = { file: string; points: readonly Point[]; slowest: number }

/** Milliseconds at its two ends. */
type Scale = { from: number; to: number }

const rowOf = ({ file, version }: MatrixRow, databases: Matrix<PageDatabase>['databases']): Row[] => {
  const points = databases.flatMap((database, environment) => {
    const ms = lastApplied(database, version)?.duration ?? null
    return ms === null ? [] : [{ environment, ms }]
  })
  return points.length === 0
    ? []
    : [{ file: file ?? version, points, slowest: Math.max(...points.map(({ ms }) => ms)) }]
}

/** 1, 2, 5, 10, 20, 50 … milliseconds, up to a day. */
const round = Array.from({ length: 25 }, (_, index) => [1, 2, 5].map((step) => step * 10 ** index)).flat()

/** Between round numbers, a factor of five at least: what hardly differs must not look as if it did. */
const scaleOf = (rows: readonly Row[]): Scale => {
  const all = rows.flatMap(({ points }) => points.map(({ ms }) => Math.max(ms, 1)))
  const from = round.findLast((tick) => tick <= Math.min(...all)) ?? 1
  const most = Math.max(...all, from * 5)
  return { from, to: round.find((tick) => tick >= most) ?? most }
}

/** Room for half a mark, or half a label, at both ends. */
const margin = 5

const placeOf = (ms: number, { from, to }: Scale): string =>
  `${(margin + (Math.log(Math.max(ms, 1) / from) / Math.log(to / from)) * (100 - 2 * margin)).toFixed(2)}%`

/** As many as have room for a label each. */
const ticksOf = ({ from, to }: Scale): number[] => {
  const all = round.filter((tick) => tick >= from && tick <= to)
  return all.length <= 7 ? all : all.filter((tick) => Number.isInteger(Math.log10(tick)))
}

/** 10 ms, 1 s, 2 min: round numbers read best short. */
const tickLabel = (ms: number): string => (ms >= 1000 && ms < 60_000 ? `${ms / 1000} s` : renderDuration(ms))

const grid = (scale: Scale): Html[] =>
  ticksOf(scale).map(
    (tick) =>
      html`<line class="grid" x1="${placeOf(tick, scale)}" x2="${placeOf(tick, scale)}" y1="0" y2="100%"/>`,
  )

const plot = (
  { points }: Row,
  scale: Scale,
  environments: readonly PageEnvironment[],
): Html => html`<svg class="plot" height="28" aria-hidden="true">${grid(scale)}
${points.map(
  ({ environment, ms }) =>
    html`<svg x="${placeOf(ms, scale)}" y="14" class="${seriesClass(environment)}">${seriesShape(environment)}<title>${environments[environment]?.environment}: ${renderDuration(ms)}</title></svg>`,
)}</svg>`

const axis = (scale: Scale): Html =>
  html`<svg class="plot" height="20" aria-hidden="true">${ticksOf(scale).map(
    (tick) => html`<text x="${placeOf(tick, scale)}" y="14" text-anchor="middle">${tickLabel(tick)}</text>`,
  )}</svg>`

/** How long each file took where it is applied: the same scale in all rows, logarithmic. */
export const renderDurations = (
  environments: readonly PageEnvironment[],
  { databases, rows }: Matrix<PageDatabase>,
): Html | undefined => {
  const timed = rows.flatMap((row) => rowOf(row, databases))
  if (timed.length === 0) return undefined
  const scale = scaleOf(timed)
  const present = [
    ...new Set(timed.flatMap(({ points }) => points.map(({ environment }) => environment))),
  ].sort()
  return html`<h3>Durations</h3><p class="legend">${present.map(
    (index) => html`<span>${seriesMark(index)} ${environments[index]?.environment}</span> `,
  )}<span class="soft">logarithmic scale</span></p>
<table role="table" class="durations"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Migration</th><th role="columnheader" scope="col"><span class="hidden">Durations</span>${axis(scale)}</th><th role="columnheader" scope="col">Slowest</th></tr></thead>
<tbody role="rowgroup">${timed.map(
    (row) =>
      html`<tr role="row"><th role="rowheader" scope="row" class="file">${breakable(row.file)}</th><td role="cell">${plot(row, scale, environments)}<span class="hidden">${row.points.map(({ environment, ms }) => `${environments[environment]?.environment} ${renderDuration(ms)} `)}</span></td><td role="cell" class="number">${renderDuration(row.slowest)}</td></tr>`,
  )}</tbody></table>`
}
