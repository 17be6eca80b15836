import { fewNames } from '../fleet/tell.ts'
import { keyOf } from '../report/fleet-status.ts'
import { plural } from '../report/render.ts'
import type { LedgerLine, PageDatabase, PageEnvironment } from './document.ts'
import { breakable, type Html, html } from './html.ts'
import { icon } from './icons.ts'
import { moment } from './moment.ts'
import { seriesMark } from './series.ts'
import { foldRuns, iconOf, whoRan, wordOf } from './timeline.ts'

/** A fleet in one environment. */
export type Place = { environment: PageEnvironment; index: number; members: readonly PageDatabase[] }

type Done = { place: Place; key: string; line: LedgerLine }

/** A file in all databases in which it ended alike. */
const renderGroup = (group: readonly Done[]): Html | undefined => {
  const [first] = group
  if (!first) return undefined
  const { line } = first
  const where = group.length === 1 ? first.key : plural(group.length, 'database')
  const named = line.outcome === 'done' ? '' : ` (${fewNames(group.map(({ key }) => key))})`
  return html`<li>${icon(iconOf(line))}<div><span class="file">${breakable(line.file)}</span>
<span class="soft">${wordOf(line)} in ${where}${group.length > 1 && named}</span>
${line.error && html`<pre>${line.error}</pre>`}</div></li>`
}

const renderRun = (done: readonly [Done, ...Done[]]): Html => {
  const [{ place, line }] = done
  const failed = done.some((one) => one.line.outcome === 'failed')
  const databases = new Set(done.map(({ key }) => key)).size
  const groups = Map.groupBy(done, (one) => JSON.stringify([one.line.file, wordOf(one.line), one.line.error]))
  return html`<li class="run${failed && ' failed'}"><p class="when">${moment(line.startedAt)}</p>
<div><p class="what">${seriesMark(place.index)} <strong>${place.environment.environment}</strong> ${plural(databases, 'database')}</p>
<ul class="files">${[...groups.values()].map(renderGroup)}</ul>
${whoRan(line)}</div></li>`
}

/** What ran in a fleet, newest first. */
export const renderFleetRuns = (places: readonly Place[]): Html => {
  const all = places.flatMap((place) =>
    place.members.flatMap((member) => member.ledger.map((line) => ({ place, key: keyOf(member), line }))),
  )
  const runs = [...Map.groupBy(all, ({ line, place }) => `${place.index} ${line.run}`).values()]
    .map(
      (done) => done.toSorted((a, b) => (a.line.startedAt < b.line.startedAt ? -1 : 1)) as [Done, ...Done[]],
    )
    .sort((a, b) => (a[0].line.startedAt < b[0].line.startedAt ? 1 : -1))
  return foldRuns(runs.map(renderRun))
}
