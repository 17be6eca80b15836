import { randomBytes } from 'node:crypto'

/** Sortable, unique, and short enough for `application_name` (Postgres cuts it at 63 bytes): `20261122T185832-7f3a9c`. */
export const makeRunId = (now: Date): string => {
  const stamp = now.toISOString().replaceAll('-', '').replaceAll(':', '').slice(0, 15)
  return `${stamp}-${randomBytes(3).toString('hex')}`
}
