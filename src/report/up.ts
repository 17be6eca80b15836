import { type Kinds, kindOf } from '../model/kind.ts'
import type { StepOutcome } from '../model/outcome.ts'
import type { Plan } from '../model/plan.ts'
import { tellRefusals } from '../model/policy.ts'
import type { Step } from '../model/step.ts'
import type { DatabaseState, Environment } from '../model/types.ts'
import type { Paint } from './paint.ts'
import { plural, renderDuration, renderTable } from './render.ts'

/** What a verb will act on: `up qual · host vps · network po-shared-network · dbmate 2.36.0`. */
export const renderHeader = (
  verb: string,
  { environment, image }: { environment: Environment; image: string },
  { bold, dim }: Paint,
): string => {
  const tag = image.slice(image.lastIndexOf(':') + 1)
  const place =
    environment.engine === 'embedded'
      ? ['embedded Postgres']
      : [`host ${environment.host.name}`, environment.server ?? `network ${environment.network}`]
  return `${bold(`${verb} ${environment.name}`)} ${dim(`· ${[...place, `dbmate ${tag}`].join(' · ')}`)}`
}

/** Every step of a plan, numbered. */
export const renderPlan = <S extends Step>({ steps }: Plan<S>, kinds: Kinds<S>, { dim }: Paint): string =>
  renderTable(
    steps.map((step, index) => {
      const [subject, action] = kindOf(kinds, step).words(step)
      return [dim(String(index + 1).padStart(3)), subject, action]
    }),
    '',
  )

const counted = new Set(['apply-migration', 'rollback-migration'])

/** What the files of a plan come to: `6 migrations in 3 databases, 1 of them new`. */
export const renderTotal = <S extends Step>({ steps }: Plan<S>): string => {
  const files = steps.filter(({ kind }) => counted.has(kind))
  const databases = new Set(steps.flatMap(({ managed }) => managed?.database ?? []))
  const created = steps.filter(({ kind }) => kind === 'create-database').length
  const some = created > 0 ? `, ${created} of them new` : ''
  return `${plural(files.length, 'migration')} in ${plural(databases.size, 'database')}${some}\n`
}

/** Versions that the database has and this checkout does not. */
export const renderMissing = (databases: readonly DatabaseState[]): string[] =>
  databases.flatMap(({ managed, applied, files }) => {
    const known = new Set(files.map(({ version }) => version))
    const missing = applied.filter((version) => !known.has(version))
    return missing.length > 0
      ? [`${managed.database}: ${missing.join(', ')} applied, but not in this checkout (an older one?)`]
      : []
  })

/** What stands in the plan's way, and what lifts it. */
export const renderRefusals = ({ refusals = [], environment }: Plan, { symbols, yellow }: Paint): string =>
  tellRefusals(refusals, environment)
    .map((line) =>
      line.startsWith(' ') ? `${line}\n` : `${yellow(symbols.skipped)} up will refuse: ${line}\n`,
    )
    .join('')

/** What does not stop a plan, a line each. */
export const renderNotes = ({ notes = [] }: Plan, { yellow }: Paint): string[] =>
  notes.map((line) => (line.startsWith(' ') ? line : `${yellow('!')} ${line}`))

export const renderNothingToDo = (environment: string, databases: readonly DatabaseState[]): string => {
  const applied = databases.reduce((sum, state) => sum + state.applied.length, 0)
  return `${environment}: nothing to do, ${plural(applied, 'migration')} applied in ${plural(databases.length, 'database')}.\n`
}

export type Summary = { environment: string; outcomes: readonly StepOutcome[]; ms: number }

/** `qual: 6 migrations applied in 0.9 s (iam_qual 1, calendar_qual 4, rag_qual 1).` */
export const renderSummary = ({ environment, outcomes, ms }: Summary): string => {
  const counts = new Map<string, number>()
  for (const { step, status } of outcomes) {
    if (!step.managed || !counted.has(step.kind) || status !== 'done') continue
    counts.set(step.managed.database, (counts.get(step.managed.database) ?? 0) + 1)
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const each = [...counts].map(([database, count]) => `${database} ${count}`).join(', ')
  const did = outcomes.some(({ step }) => step.kind === 'rollback-migration') ? 'rolled back' : 'applied'
  const where = total > 0 ? ` (${each})` : ''
  return `${environment}: ${plural(total, 'migration')} ${did} in ${renderDuration(ms)}${where}.\n`
}
