import { plural, renderDuration } from '../report/render.ts'
import type { LedgerLine, PageDatabase, PageEnvironment } from './document.ts'
import { breakable, type Html, html } from './html.ts'
import { type IconName, icon } from './icons.ts'
import { type LedgerRun, runsOf } from './ledger.ts'
import { moment } from './moment.ts'
import { seriesMark } from './series.ts'

/** Runs that are shown at once; older ones are a click away, and the browser's find opens them. */
const shown = 12
const webAddress = /^https?:\/\//i

export const iconOf = ({ outcome, direction }: LedgerLine): IconName => {
  if (outcome === 'failed') return 'failed'
  if (outcome === 'running') return 'running'
  if (outcome === 'accepted') return 'edited'
  return direction === 'down' ? 'back' : 'applied'
}

/** How an attempt ended. */
export const wordOf = ({ outcome, direction }: LedgerLine): string => {
  if (outcome === 'done') return direction === 'down' ? 'rolled back' : 'applied'
  if (outcome === 'running') return 'without an end'
  return outcome === 'accepted' ? 'accepted as edited' : outcome
}

const renderLine = (
  line: LedgerLine,
): Html => html`<li>${icon(iconOf(line))}<div><span class="file">${breakable(line.file)}</span>
<span class="soft">${wordOf(line)}${line.duration !== null && ` in ${renderDuration(line.duration)}`}</span>
${line.error && html`<pre>${line.error}</pre>`}</div></li>`

/** What anybody may have written into a job's address is no link unless it is one. */
const job = (address: string | null): Html | undefined =>
  address === null
    ? undefined
    : html` · ${webAddress.test(address) ? html`<a href="${address}">job</a>` : address}`

const summaryOf = (lines: readonly LedgerLine[]): string =>
  [...Map.groupBy(lines, wordOf)].map(([word, { length }]) => `${plural(length, 'file')} ${word}`).join(', ')

/** Who ran it, from which commit, in which job. */
export const whoRan = ({ actor, commit, dirty, job: address }: LedgerLine): Html =>
  html`<p class="soft who">${actor}${commit !== null && html` · commit <code>${commit.slice(0, 8)}${dirty && '+'}</code>`}${job(address)}</p>`

const renderRun = ({ environment, lines }: LedgerRun, environments: readonly PageEnvironment[]): Html => {
  const [first] = lines
  const failed = lines.some(({ outcome }) => outcome === 'failed')
  return html`<li class="run${failed && ' failed'}"><p class="when">${moment(first.startedAt)}</p>
<div><p class="what">${seriesMark(environment)} <strong>${environments[environment]?.environment}</strong> ${summaryOf(lines)}</p>
<ul class="files">${lines.map(renderLine)}</ul>
${whoRan(first)}</div></li>`
}

/** The newest at once. */
export const foldRuns = (runs: readonly Html[]): Html => {
  if (runs.length === 0) return html`<p class="soft">No run of this tool is written down here yet.</p>`
  const older = runs.slice(shown)
  return html`<ol class="runs">${runs.slice(0, shown)}</ol>
${older.length > 0 && html`<details><summary>${plural(older.length, 'earlier run')}</summary><ol class="runs">${older}</ol></details>`}`
}

/** What ran in a database, in all environments, newest first. */
export const renderTimeline = (
  environments: readonly PageEnvironment[],
  databases: readonly (PageDatabase | undefined)[],
): Html => foldRuns(runsOf(databases).map((run) => renderRun(run, environments)))
