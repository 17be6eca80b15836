import type { StatusDocument } from './documents.ts'
import type { Paint } from './paint.ts'
import { plural } from './render.ts'

type DatabaseStatus = StatusDocument['environments'][number]['databases'][number]
type Migration = DatabaseStatus['migrations'][number]

export const isBehind = ({ exists, pending, error }: DatabaseStatus): boolean =>
  error !== undefined || !exists || pending > 0

const meanings = {
  'out-of-order': 'older than the newest applied one',
  'missing-file': 'applied, and no file of this checkout has its version',
  edited: 'applied, and its text changed since',
} as const

const isOdd = (state: Migration['state']): state is keyof typeof meanings => state in meanings

/** The states that do not explain themselves. */
export const renderLegend = (databases: readonly DatabaseStatus[], paint: Paint): string => {
  const shown = databases.flatMap(({ migrations }) => migrations.map(({ state }) => state))
  const odd = [...new Set(shown)].filter(isOdd)
  return odd.map((state) => paint.dim(`${state}: ${meanings[state]}\n`)).join('')
}

/** How many there are, where that is more than one. */
export const renderTotal = (databases: readonly DatabaseStatus[], paint: Paint): string => {
  if (databases.length < 2) return ''
  const sum = (count: (database: DatabaseStatus) => number): number =>
    databases.reduce((total, database) => total + count(database), 0)
  const behind = databases.filter(isBehind).length
  const pending = sum(({ pending }) => pending)
  const told = [
    plural(databases.length, 'database'),
    `${sum(({ applied }) => applied)} applied`,
    ...(pending > 0 ? [`${pending} pending`] : []),
    ...(behind > 0 ? [`${behind} behind`] : []),
  ]
  return paint.dim(`${told.join(', ')}\n`)
}
