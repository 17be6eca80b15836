import { createHash } from 'node:crypto'
import { type Matrix, matricesOf } from '../report/matrix.ts'
import { plural } from '../report/render.ts'
import { renderDiagrams } from './diagram/diagram.ts'
import type { PageDatabase, PageEnvironment, ReportDocument } from './document.ts'
import { renderDrift } from './drift.ts'
import { renderDurations } from './durations.ts'
import { fleetsOf, type PageFleet, renderFleet, withoutFleets } from './fleet.ts'
import { type Html, html, trusted } from './html.ts'
import { moment } from './moment.ts'
import { renderEnvironments, renderMatrix } from './overview.ts'
import { style } from './style.ts'
import { renderTimeline } from './timeline.ts'

/** Nothing but this page's own style sheet: no script, no network, whatever a name brings along. */
const policy = (): string => {
  const hash = createHash('sha256').update(style).digest('base64')
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`
}

const section = (
  { name, databases, rows }: Matrix<PageDatabase>,
  environments: readonly PageEnvironment[],
  index: number,
): Html => html`<section class="database" aria-labelledby="database-${index + 1}"><h2 id="database-${index + 1}">${name}</h2>
${renderDrift(environments, databases)}
${renderDurations(environments, { name, databases, rows })}
<h3>Runs</h3>
${renderTimeline(environments, databases)}
${renderDiagrams(name, environments, databases)}</section>
`

const contents = (matrices: readonly Matrix<PageDatabase>[], fleets: readonly PageFleet[]): Html =>
  html`<nav aria-label="Databases"><ul>${matrices.map(
    ({ name }, index) => html`<li><a href="#database-${index + 1}">${name}</a></li>`,
  )}${fleets.map(({ name }, index) => html`<li><a href="#fleet-${index + 1}">${name}</a></li>`)}</ul></nav>`

const counted = (matrices: readonly Matrix<PageDatabase>[], fleets: readonly PageFleet[]): string =>
  [
    ...(matrices.length > 0 || fleets.length === 0 ? [plural(matrices.length, 'database')] : []),
    ...(fleets.length > 0 ? [plural(fleets.length, 'fleet')] : []),
  ].join(', ')

/** The page as one file; `tool` is the version that wrote it. The same document makes the same page. */
export const renderPage = ({ project, at, environments }: ReportDocument, tool: string): string => {
  const matrices = matricesOf(withoutFleets(environments))
  const fleets = fleetsOf(environments)
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${trusted(policy())}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer"><meta name="generator" content="po-migrate ${tool}">
<title>${project !== null && `${project}: `}migrations</title><style>${trusted(style)}</style></head>
<body><a class="skip" href="#main">To the content</a>
<header><p class="over">Databases and their migrations</p><h1>${project ?? 'Migrations'}</h1><p class="soft">${plural(environments.length, 'environment')}, ${counted(matrices, fleets)}. As of ${moment(at)} UTC.</p>${contents(matrices, fleets)}</header>
<main id="main">${renderEnvironments(environments)}
${renderMatrix(environments, { matrices, fleets })}
${matrices.map((matrix, index) => section(matrix, environments, index))}
${fleets.map((fleet, index) => renderFleet(fleet, environments, `fleet-${index + 1}`))}</main>
<footer><p>Written by po-migrate ${tool}, which only read. All times are in UTC.</p></footer></body></html>
`.markup
}
