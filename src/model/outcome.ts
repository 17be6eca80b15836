import type { Step } from './step.ts'

export type StepStatus = 'done' | 'failed' | 'skipped'

/** `work`: what became of a failed step's work, where it is not simply undone. */
export type StepOutcome<S extends Step = Step> = {
  step: S
  status: StepStatus
  work?: 'done' | 'unknown'
}

/** Name on the server of the database that a step is about, if it is about one. */
export const databaseOf = (step: Step): string | undefined => step.managed?.database

const versionsOf = ({ migration, migrations = [] }: Step): string[] =>
  (migration ? [migration] : migrations).map(({ version }) => version)

/** How a run left one database of its plan. */
export type DatabaseOutcome = {
  database: string
  /** `stopped`: some of it was done, and nothing of it failed. */
  status: 'done' | 'failed' | 'stopped' | 'untouched'
  /** Versions that were applied or rolled back, in order. */
  changed: string[]
  /** Versions of which Postgres could not be asked any more. */
  unknown?: string[]
  /** Steps that were not started. */
  waiting: number
}

const statusOf = (statuses: readonly StepStatus[]): DatabaseOutcome['status'] => {
  if (statuses.includes('failed')) return 'failed'
  if (!statuses.includes('skipped')) return 'done'
  return statuses.includes('done') ? 'stopped' : 'untouched'
}

/** The result matrix: every database of the plan, in its order. */
export const outcomesByDatabase = (outcomes: readonly StepOutcome[]): DatabaseOutcome[] => {
  const about = outcomes.filter(({ step }) => databaseOf(step) !== undefined)
  return [...Map.groupBy(about, ({ step }) => databaseOf(step) ?? '')].map(([database, own]) => {
    const statuses = own.map(({ status }) => status)
    const versions = (is: (outcome: StepOutcome) => boolean): string[] =>
      own.filter(is).flatMap(({ step }) => versionsOf(step))
    const unknown = versions(({ work }) => work === 'unknown')
    return {
      database,
      status: statusOf(statuses),
      changed: versions(({ status, work }) => status === 'done' || work === 'done'),
      ...(unknown.length > 0 && { unknown }),
      waiting: statuses.filter((status) => status === 'skipped').length,
    }
  })
}

const describe = ({ status, changed, unknown, waiting }: DatabaseOutcome, did: string): string => {
  if (status === 'done' || status === 'untouched') return status
  const stays =
    changed.length > 0
      ? `${changed.join(', ')} ${changed.length > 1 ? 'stay' : 'stays'} ${did}`
      : `nothing ${unknown ? 'else is known to be' : 'new'} ${did}`
  const open = unknown ? `whether ${unknown.join(', ')} is ${did} is not known; ` : ''
  return `${status}: ${open}${stays}${waiting > 0 ? `, ${waiting} not started` : ''}`
}

const told = [
  ['done', 'done'],
  ['failed', 'failed'],
  ['stopped', 'stopped half-way'],
  ['untouched', 'not started'],
] as const

/** `997 done, 1 failed, 2 not started`. */
const describeFleet = (databases: readonly DatabaseOutcome[]): string =>
  told
    .map(([status, words]) => [databases.filter((one) => one.status === status).length, words] as const)
    .filter(([count]) => count > 0)
    .map(([count, words]) => `${count} ${words}`)
    .join(', ')

/**
 * Where a stopped run left every database of its plan, a line each: `calendar_qual  failed: 00008 stays applied`; a fleet has
 * one line: `tenants  997 done, 1 failed`.
 */
export const describeOutcome = (outcomes: readonly StepOutcome[]): string[] => {
  const did = outcomes.some(({ step }) => step.kind === 'rollback-migration') ? 'rolled back' : 'applied'
  const fleets = new Map(
    outcomes.flatMap(({ step: { managed } }) =>
      managed?.member ? [[managed.database, managed.member.fleet]] : [],
    ),
  )
  const groups = Map.groupBy(outcomesByDatabase(outcomes), ({ database }) => fleets.get(database) ?? database)
  const lines = [...groups].map(([name, databases]): [string, string] => {
    const [first] = databases
    return first && (databases.length === 1 || !fleets.has(first.database))
      ? [first.database, describe(first, did)]
      : [name, describeFleet(databases)]
  })
  const width = Math.max(0, ...lines.map(([name]) => name.length))
  return lines.map(([name, words]) => `${name.padEnd(width)}  ${words}`)
}
