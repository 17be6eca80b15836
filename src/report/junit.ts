import type { RunEvent } from './run-documents.ts'

type Finished = Extract<RunEvent, { event: 'step.finished' }>
type Failure = NonNullable<Finished['error']>

const special: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const specials = /[&<>"]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 has no place for these
const forbidden = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g

const escapeXml = (text: string): string =>
  text.replace(forbidden, '').replace(specials, (character) => special[character] ?? '')

const seconds = (ms: number): string => (ms / 1000).toFixed(3)

const renderFailure = ({ message, details, hint }: Failure): string => {
  const lines = [...details, ...(hint?.split('\n') ?? []).map((line) => `→ ${line}`)]
  return `<failure message="${escapeXml(message)}">${escapeXml(lines.join('\n'))}</failure>`
}

type Case = { suite: string; name: string; ms: number; body: string }

const renderCase = ({ suite, name, ms, body }: Case): string => {
  const head = `    <testcase classname="${escapeXml(suite)}" name="${escapeXml(name)}" time="${seconds(ms)}"`
  return body ? `${head}>${body}</testcase>` : `${head}/>`
}

const bodyOf = ({ status, error }: Finished): string => {
  if (status === 'skipped') return '<skipped/>'
  return status === 'failed' ? renderFailure(error ?? { message: 'failed', details: [] }) : ''
}

/** Migrations are the cases; another step only when it failed, and a run that failed outside its steps. */
const casesOf = (environment: string, events: readonly RunEvent[]): Case[] => {
  const steps = events.filter((event) => event.event === 'step.finished')
  const cases = steps
    .filter(({ migration, status }) => migration !== undefined || status === 'failed')
    .map((step) => ({
      suite: step.database ?? environment,
      name: step.migration ?? step.kind,
      ms: step.ms,
      body: bodyOf(step),
    }))
  const end = events.find((event) => event.event === 'run.finished')
  const told = steps.some(({ status }) => status === 'failed')
  if (!end?.error || told) return cases
  return [...cases, { suite: environment, name: 'run', ms: 0, body: renderFailure(end.error) }]
}

/** The events of a run as JUnit XML, one case a migration, for GitLab's test report. */
export const renderJunit = (events: readonly RunEvent[]): string => {
  const start = events.find((event) => event.event === 'run.started')
  const name = start ? `${start.command} ${start.environment}` : 'po-migrate'
  const cases = casesOf(start?.environment ?? '', events)
  const count = (body: string): number => cases.filter((each) => each.body.startsWith(body)).length
  const totals = `tests="${cases.length}" failures="${count('<failure')}" skipped="${count('<skipped')}"`
  const time = seconds(cases.reduce((sum, { ms }) => sum + ms, 0))
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite name="${escapeXml(name)}" ${totals} time="${time}">`,
    ...cases.map(renderCase),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}
