import { interleave } from '../model/order.ts'
import type { HistoryDocument, RunRecord } from './documents.ts'
import type { Paint } from './paint.ts'
import { renderDuration, renderTable } from './render.ts'

type Entry = HistoryDocument['entries'][number]

const outcomeOf = ({ outcome }: Pick<Entry | RunRecord, 'outcome'>, paint: Paint): string => {
  if (outcome === 'done' || outcome === 'accepted' || outcome === 'adopted')
    return paint.green(paint.symbols.done)
  return outcome === 'failed' || outcome === 'refused'
    ? paint.red(paint.symbols.failed)
    : paint.yellow(paint.symbols.skipped)
}

const whatOf = ({ file, direction, outcome }: Entry): string => {
  if (outcome === 'accepted') return `${file} (edit accepted)`
  if (outcome === 'adopted' || outcome === 'adopted unproven') return `${file} (${outcome})`
  return direction === 'down' ? `${file} (rolled back)` : file
}

type Line = { at: string; cells: readonly string[]; error: string | null }

const entryLine = (entry: Entry, paint: Paint): Line => ({
  at: entry.startedAt,
  error: entry.error,
  cells: [
    outcomeOf(entry, paint),
    entry.startedAt.slice(0, 16).replace('T', ' '),
    entry.database,
    whatOf(entry),
    entry.duration === null ? '' : renderDuration(entry.duration),
    entry.actor,
    entry.commit === null ? '' : `${entry.commit.slice(0, 8)}${entry.dirty ? '+' : ''}`,
  ],
})

const whatOfRun = ({ command, directory, outcome }: RunRecord): string => {
  if (directory !== null) return `${command} ${directory}`
  return outcome === 'done' && (command === 'backup' || command === 'restore')
    ? `${command} (its directory is gone)`
    : command
}

const runLine = (run: RunRecord, paint: Paint): Line => ({
  at: run.startedAt,
  error: run.outcome === 'running' ? 'still running, or it died' : run.error,
  cells: [
    outcomeOf(run, paint),
    run.startedAt.slice(0, 16).replace('T', ' '),
    run.databases.join(', '),
    whatOfRun(run),
    run.duration === null ? '' : renderDuration(run.duration),
    run.actor,
    '',
  ],
})

/** As the server and the records have them, so that hosts can be compared. */
const zone = 'UTC'

export type HistoryView = { limit: number; paint: Paint; command: string }

/**
 * One line an attempt, a backup or a restore, in the document's order, and under a failure its first line; the newest `limit` of
 * them (0: all), with `command` for the others.
 */
export const renderHistory = (
  { environment, entries, error, runs }: HistoryDocument,
  { limit, paint, command }: HistoryView,
): string => {
  if (entries.length + runs.length === 0 && error) return ''
  if (entries.length + runs.length === 0) return `${environment}: nothing in the ledger yet.\n`
  const stories = [entries.map((entry) => entryLine(entry, paint)), runs.map((run) => runLine(run, paint))]
  const all = interleave(stories, ({ at }) => at)
  const told = limit > 0 ? all.slice(-limit) : all
  const older = all.length - told.length
  const more = older > 0 ? `, ${older} older: ${command}` : ''
  const lines = renderTable(told.map(({ cells }) => cells)).split('\n')
  const rows = told.map(({ error }, index) => {
    const [first = ''] = (error ?? '').split('\n')
    return `${lines[index]}\n${first ? paint.dim(`   ${first}\n`) : ''}`
  })
  return `${paint.bold(environment)}${paint.dim(` · times in ${zone}${more}`)}\n${rows.join('')}`
}
