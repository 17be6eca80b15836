import { type Html, html, trusted } from './html.ts'

/** What an environment is drawn with: a colour and a shape, both in turn. */
const shapes = [
  '<circle r="4.5"/>',
  '<rect x="-4" y="-4" width="8" height="8"/>',
  '<path d="M0-5.2 5 3.8H-5z"/>',
  '<path d="M0-5.6 5.6 0 0 5.6-5.6 0z"/>',
  '<path d="M-4.5-4.5 4.5 4.5M4.5-4.5-4.5 4.5"/>',
] as const

/** How many colours the style sheet has. */
const colours = 6

export const seriesClass = (index: number): string => `series s${index % colours}`

export const seriesShape = (index: number): Html => trusted(shapes[index % shapes.length] ?? '')

/** Beside an environment's name. */
export const seriesMark = (index: number): Html =>
  html`<svg class="mark ${seriesClass(index)}" viewBox="-7 -7 14 14" aria-hidden="true">${seriesShape(index)}</svg>`
