import type { HistoryDocument } from './documents.ts'
import type { Paint } from './paint.ts'
import { renderDuration, renderTable } from './render.ts'

type Entry = HistoryDocument['entries'][number]

const outcomeOf = ({ outcome }: Entry, paint: Paint): string => {
  if (outcome === 'done' || outcome === 'accepted') return paint.green(paint.symbols.done)
  return outcome === 'failed' ? paint.red(paint.symbols.failed) : paint.yellow(paint.symbols.skipped)
}

const whatOf = ({ file, direction, outcome }: Entry): string => {
  if (outcome === 'accepted') return `${file} (edit accepted)`
  return direction === 'down' ? `${file} (rolled back)` : file
}

/** One line an attempt, and under a failure its first line. */
export const renderHistory = ({ environment, entries }: HistoryDocument, paint: Paint): string => {
  if (entries.length === 0) return `${environment}: nothing in the ledger yet.\n`
  const rows = entries.map((entry) => [
    outcomeOf(entry, paint),
    entry.startedAt.slice(0, 16).replace('T', ' '),
    entry.database,
    whatOf(entry),
    entry.duration === null ? '' : renderDuration(entry.duration),
    entry.actor,
    entry.commit === null ? '' : `${entry.commit.slice(0, 8)}${entry.dirty ? '+' : ''}`,
  ])
  const lines = renderTable(rows).split('\n')
  return entries
    .map(({ error }, index) => {
      const [first = ''] = (error ?? '').split('\n')
      return `${lines[index]}\n${first ? paint.dim(`   ${first}\n`) : ''}`
    })
    .join('')
}
