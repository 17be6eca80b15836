import { fewNames, storeName } from '../fleet/tell.ts'
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
  const { engine, host, server, network, service } = environment
  const there = engine === 'swarm' ? `service ${service}` : `network ${network}`
  const place = engine === 'embedded' ? ['embedded Postgres'] : [`host ${host.name}`, server ?? there]
  return `${bold(`${verb} ${environment.name}`)} ${dim(`· ${[...place, `dbmate ${tag}`].join(' · ')}`)}`
}

/** Databases of a fleet that get the same, from so many on in one line. */
const many = 6

/** Steps of databases that get the same, database after database; any other step by itself. */
const alike = <S extends Step>(steps: readonly S[], kinds: Kinds<S>): S[][] => {
  const databases = Map.groupBy(steps, ({ managed }) => managed?.database)
  const work = (step: S): string => {
    const { managed } = step
    if (!managed?.member) return ''
    const own = databases.get(managed.database) ?? []
    return `${managed.member.fleet} ${own.map((one) => kindOf(kinds, one).words(one)[1]).join('\n')}`
  }
  return [...Map.groupBy(steps, (step) => work(step) || step).values()]
}

/** Every step of a plan, numbered; a fleet in a line for each file. */
export const renderPlan = <S extends Step>({ steps }: Plan<S>, kinds: Kinds<S>, { dim }: Paint): string => {
  const at = new Map(steps.map((step, index) => [step, index + 1]))
  const digits = Math.max(3, String(steps.length).length)
  const row = (number = 0, subject = '', action = ''): string[] => [
    dim(String(number).padStart(digits)),
    subject,
    action,
  ]
  const rows = alike(steps, kinds).flatMap((group) => {
    const names = new Set(group.map(({ managed }) => managed?.database))
    const [first] = group
    if (!first?.managed?.member || names.size < many)
      return group.map((step) => row(at.get(step), ...kindOf(kinds, step).words(step)))
    const own = group.filter(({ managed }) => managed?.database === first.managed?.database)
    const subject = `${first.managed.member.fleet}: ${plural(names.size, 'database')}`
    return own.map((step) => row(at.get(step), subject, kindOf(kinds, step).words(step)[1]))
  })
  return renderTable(rows, '')
}

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
export const renderMissing = (databases: readonly DatabaseState[]): string[] => {
  const found = databases.flatMap(({ managed, applied, files }) => {
    const known = new Set(files.map(({ version }) => version))
    const missing = applied.filter((version) => !known.has(version))
    return missing.length > 0 ? { managed, versions: missing.join(', ') } : []
  })
  const alike = Map.groupBy(found, ({ managed, versions }) =>
    [managed.member?.fleet ?? managed.database, versions].join('\n'),
  )
  return [...alike.values()].flatMap((group) =>
    group.slice(0, 1).map(({ managed, versions }) => {
      const names = group.map((one) => one.managed.member?.key ?? '')
      const whose = group.length > 1 ? `${storeName(managed)} (${fewNames(names)})` : managed.database
      return `${whose}: ${versions} applied, but not in this checkout (an older one?)`
    }),
  )
}

/** What stands in the plan's way, and what lifts it. */
export const renderRefusals = ({ refusals = [], environment }: Plan, { symbols, yellow }: Paint): string =>
  tellRefusals(refusals, environment)
    .map((line) =>
      line.startsWith(' ') ? `${line}\n` : `${yellow(symbols.skipped)} up will refuse: ${line}\n`,
    )
    .join('')

/** Databases of fleets that are left alone, in a line each fleet: why stands at the end. */
export const renderAside = ({ aside = [] }: Plan, { yellow }: Paint): string[] =>
  [...Map.groupBy(aside, ({ managed }) => managed.member?.fleet ?? managed.name)].map(([fleet, found]) => {
    const keys = fewNames(found.map(({ managed }) => managed.member?.key ?? managed.name))
    const count = found.length === 1 ? 'one database is' : `${found.length} databases are`
    return `${yellow('!')} ${fleet}: ${count} left alone (${keys})`
  })

/** What does not stop a plan, a line each. */
export const renderNotes = ({ notes = [] }: Plan, { yellow }: Paint): string[] =>
  notes.map((line) => (line.startsWith(' ') ? line : `${yellow('!')} ${line}`))

export const renderNothingToDo = (environment: string, databases: readonly DatabaseState[]): string => {
  const applied = databases.reduce((sum, state) => sum + state.applied.length, 0)
  return `${environment}: nothing to do, ${plural(applied, 'migration')} applied in ${plural(databases.length, 'database')}.\n`
}

export type Summary = { environment: string; outcomes: readonly StepOutcome[]; ms: number }

/** What one database or one fleet got: its files by database, in the order they ran. */
type Share = { name: string; of: ReadonlyMap<string, readonly string[]> }

const sharesOf = (outcomes: Summary['outcomes']): Share[] => {
  const files = outcomes.flatMap(({ step: { kind, managed, migration }, status }) =>
    managed && migration && counted.has(kind) && status === 'done'
      ? {
          name: managed.member?.fleet ?? managed.database,
          database: managed.database,
          version: migration.version,
        }
      : [],
  )
  return [...Map.groupBy(files, ({ name }) => name)].map(([name, found]) => {
    const databases = Map.groupBy(found, ({ database }) => database)
    const versions = [...databases].map(
      ([database, own]) => [database, own.map(({ version }) => version)] as const,
    )
    const [first] = versions
    return { name: first && versions.length === 1 ? first[0] : name, of: new Map(versions) }
  })
}

const filesIn = ({ of }: Share): number => [...of.values()].flat().length

/** Which versions, or of a fleet how many databases. */
const describeShare = (share: Share): string => {
  const { of } = share
  if (of.size > 1) return plural(of.size, 'database')
  const versions = [...of.values()].flat()
  const [first = '', last = first] = [versions[0], versions.at(-1)]
  return first === last ? first : `${first} to ${last}`
}

/** `qual: 6 migrations applied in 0.9 s.`, and of several databases a line each: `  iam_qual  4 migrations  00003 to 00006`. */
export const renderSummary = ({ environment, outcomes, ms }: Summary): string => {
  const shares = sharesOf(outcomes)
  const total = shares.reduce((sum, share) => sum + filesIn(share), 0)
  const did = outcomes.some(({ step }) => step.kind === 'rollback-migration') ? 'rolled back' : 'applied'
  const line = `${environment}: ${plural(total, 'migration')} ${did} in ${renderDuration(ms)}`
  const [first] = shares
  if (!first) return `${line}.\n`
  if (shares.length === 1) return `${line} (${first.name}: ${describeShare(first)}).\n`
  const rows = shares.map((share) => [share.name, plural(filesIn(share), 'migration'), describeShare(share)])
  return `${line}.\n${renderTable(rows, '  ')}`
}
