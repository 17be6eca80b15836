import { fewNames } from '../fleet/tell.ts'
import { isBehind, keyOf, standingOf } from '../report/fleet-status.ts'
import { plural } from '../report/render.ts'
import { renderDiagrams } from './diagram/diagram.ts'
import type { PageDatabase, PageEnvironment } from './document.ts'
import { renderDrift } from './drift.ts'
import { type Place, renderFleetRuns } from './fleet-runs.ts'
import { breakable, type Html, html } from './html.ts'
import { icon } from './icons.ts'
import { seriesClass, seriesMark } from './series.ts'

/** Many databases of one directory, by environment. */
export type PageFleet = { name: string; databases: readonly (readonly PageDatabase[])[] }

export const fleetsOf = (environments: readonly PageEnvironment[]): PageFleet[] => {
  const names = new Set(
    environments.flatMap(({ databases }) => databases.flatMap(({ fleet }) => fleet ?? [])),
  )
  return [...names].map((name) => ({
    name,
    databases: environments.map(({ databases }) => databases.filter(({ fleet }) => fleet === name)),
  }))
}

/** Databases that stand by themselves. */
export const withoutFleets = (environments: readonly PageEnvironment[]): PageEnvironment[] =>
  environments.map((environment) => ({
    ...environment,
    databases: environment.databases.filter(({ fleet }) => fleet === undefined),
  }))

/** All names, the first few at once. */
const namesOf = (group: readonly PageDatabase[]): Html => {
  const names = group.map(keyOf)
  const few = fewNames(names)
  return names.join(', ') === few
    ? html`<p class="soft">${breakable(few)}</p>`
    : html`<details><summary>${breakable(few)}</summary><span class="soft">${names.map((name) => html`${breakable(name)} `)}</span></details>`
}

/** A bar for each version at which databases stand, as long as they are many. */
const renderVersions = ({ environment, index, members }: Place): Html => {
  const groups = [...Map.groupBy(members, standingOf)].toSorted(([, a], [, b]) => b.length - a.length)
  return html`<table role="table" class="durations"><caption>${seriesMark(index)} ${environment.environment} <span class="soft">${plural(members.length, 'database')}</span></caption>
<thead class="hidden" role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Where they stand</th><th role="columnheader" scope="col">Share</th><th role="columnheader" scope="col">Databases</th></tr></thead><tbody role="rowgroup">${groups.map(
    ([standing, group]) => {
      const odd = group[0]?.migrations.find(({ state }) => state !== 'applied' && state !== 'pending')
      const attention = odd !== undefined || group.some(isBehind)
      const state = attention ? (odd?.state ?? 'pending') : 'applied'
      const share = `${((group.length / members.length) * 100).toFixed(2)}%`
      return html`<tr role="row"><th role="rowheader" scope="row" class="file">${icon(state)} ${breakable(standing)}${attention && namesOf(group)}</th><td role="cell"><svg class="plot ${seriesClass(index)}" height="14" aria-hidden="true"><rect class="bar" width="${share}" height="14"/></svg></td><td role="cell" class="number">${group.length}</td></tr>`
    },
  )}</tbody></table>`
}

type Alike = { environment: PageEnvironment; index: number; database: PageDatabase }

/** What one database says of many that are alike. */
const driftOf = ({ environment, index, members }: Place): Alike[] =>
  [...Map.groupBy(members, ({ drift }) => JSON.stringify(drift)).values()].flatMap((group) => {
    const [database] = group
    if (!database?.drift) return []
    const whose = `${environment.environment}, ${plural(group.length, 'database')} (${fewNames(group.map(keyOf))})`
    return { environment: { ...environment, environment: whose }, index, database }
  })

/** Databases that have the same tables share a diagram. */
const renderTables = (name: string, places: readonly Place[]): Html | undefined => {
  const all = places.flatMap(({ environment, members }) =>
    [...Map.groupBy(members, ({ tables }) => JSON.stringify(tables)).values()].flatMap((group) => {
      const [database] = group
      const whose = `${environment.environment} (${plural(group.length, 'database')})`
      return database ? { environment: { ...environment, environment: whose }, database } : []
    }),
  )
  return renderDiagrams(
    name,
    all.map(({ environment }) => environment),
    all.map(({ database }) => database),
  )
}

/** A fleet: how many stand where, how they differ, what ran. */
export const renderFleet = (
  { name, databases }: PageFleet,
  environments: readonly PageEnvironment[],
  id: string,
): Html => {
  const places = environments.flatMap((environment, index) => {
    const members = databases[index] ?? []
    return members.length > 0 ? { environment, index, members } : []
  })
  const drifts = places.flatMap(driftOf)
  return html`<section class="database" aria-labelledby="${id}"><h2 id="${id}">${name}</h2>
<h3>Versions</h3>${places.map(renderVersions)}
${renderDrift(
  drifts.map(({ environment }) => environment),
  drifts.map(({ database }) => database),
  drifts.map(({ index }) => index),
)}
<h3>Runs</h3>
${renderFleetRuns(places)}
${renderTables(name, places)}</section>
`
}
