import { type Html, html } from './html.ts'

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `25 Nov 2026` in UTC, the same in every locale. */
export const dayOf = (iso: string): string => {
  const at = new Date(iso)
  return `${at.getUTCDate()} ${months[at.getUTCMonth()]} ${at.getUTCFullYear()}`
}

export const clockOf = (iso: string): string => new Date(iso).toISOString().slice(11, 16)

export const moment = (iso: string): Html =>
  html`<time datetime="${iso}">${dayOf(iso)}, ${clockOf(iso)}</time>`
