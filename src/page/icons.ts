import { type Html, html, trusted } from './html.ts'

/** Each state has a shape, so that none is told by its colour alone. */
const shapes = {
  applied: '<path d="M3 8.5 6.5 12 13 4.5"/>',
  pending: '<circle cx="8" cy="8" r="4.5"/>',
  'out-of-order': '<path d="M8 13V3.5M4 7l4-4 4 4"/>',
  'missing-file': '<circle cx="8" cy="8" r="5" stroke-dasharray="2.6 2.6"/>',
  edited: '<path d="M3 13l.8-3L10.5 3.3l2.2 2.2L6 12.2z"/>',
  failed: '<path d="M4 4l8 8M12 4l-8 8"/>',
  back: '<path d="M6 3 2.5 6.5 6 10M3 6.5h6a4 4 0 0 1 0 7.5H7"/>',
  running: '<circle cx="8" cy="8" r="5"/><path d="M8 5v3l2 2"/>',
  drift: '<path d="M3 6h10M3 10h10M10.5 3l-5 10"/>',
  unread: '<path d="M3.5 8h9"/>',
} as const

export type IconName = keyof typeof shapes

export const icon = (name: IconName): Html =>
  html`<svg class="icon is-${name}" viewBox="0 0 16 16" aria-hidden="true">${trusted(shapes[name])}</svg>`
