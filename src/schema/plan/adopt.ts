import { AppError, exitCodes, usageError } from '../../errors.ts'
import { fewNames, storeName } from '../../fleet/tell.ts'
import { changedLines } from '../../model/diff-lines.ts'
import type { Aside, Plan } from '../../model/plan.ts'
import { quoteAll } from '../../model/quote.ts'
import type { DatabaseState, ManagedDatabase, Migration, VersionsTable } from '../../model/types.ts'
import type { AdoptStep } from '../steps/adopt-kinds.ts'
import type { Difference } from './compare-schemas.ts'
import { withoutSecrets } from './secrets.ts'

/** What makes less of a conflict than it looks like. */
export type Doubts = {
  /** Why what differs could not be read back. */
  unread?: string
  /** Why the files behind the nearest could not be tried. */
  untried?: string
}

/** What is proven of one database, as far as a plan needs it. */
export type Proof = {
  managed: ManagedDatabase
  versions: VersionsTable
  proven: readonly Migration[]
  conflict?: Doubts & { nearest: readonly Migration[]; differences: readonly Difference[] }
}

/** @throws AppError (exit 2) for files that cannot be run, of which nobody knows what they make. */
export const requireFit = (
  databases: readonly Pick<DatabaseState, 'managed' | 'files' | 'strays'>[],
): void => {
  const details = databases.flatMap(({ managed, files, strays }) =>
    [...strays, ...files.flatMap(({ problems }) => problems)]
      .filter(({ level }) => level === 'error')
      .map(
        ({ file, line, message }) =>
          `${storeName(managed)}/${file}${line === undefined ? '' : `:${line}`}: ${message}`,
      ),
  )
  if (details.length > 0)
    throw usageError('Some migration files are not fit to run:', 'correct the files, then run it again', [
      ...new Set(details),
    ])
}

/** Databases that somebody made, and of which nothing is recorded. */
export const adoptable = (databases: readonly DatabaseState[]): DatabaseState[] =>
  databases.filter(({ exists, applied, obstacle }) => exists && applied.length === 0 && !obstacle)

const longestShown = 60

const shown = (text: string | null): string | null => (text === null ? null : withoutSecrets(text))

const nearestOf = ({ nearest }: NonNullable<Proof['conflict']>): string => {
  const last = nearest.at(-1)
  return last === undefined ? 'no file at all' : `the files up to ${last.file}`
}

const withAside = (aside: readonly Aside[]): Pick<Plan, 'aside'> => (aside.length > 0 ? { aside } : {})

/** What differs from the files that come nearest, with both definitions. */
export const describeConflict = ({ managed, conflict }: Proof): string[] => {
  if (!conflict) return []
  const { differences, unread, untried } = conflict
  const lines = differences.flatMap(({ object, expected, found }) => [
    `  ${object}`,
    ...changedLines(shown(expected), shown(found)).map((line) => `    ${line}`),
  ])
  return [
    `${managed.database}: CONFLICT: nearest is ${nearestOf(conflict)}, and differs (- the files, + what is there):`,
    ...lines.slice(0, longestShown),
    ...(lines.length > longestShown ? [`    … ${lines.length - longestShown} lines more`] : []),
    ...(unread === undefined
      ? []
      : [`  Some may be the same, written another way; they could not be read back: ${unread}`]),
    ...(untried === undefined ? [] : [`  More files could not be tried on the scratch server: ${untried}`]),
  ]
}

/** A database of a fleet that is not what its files make is left alone, and the others are not concerned. */
const asideOf = (proof: Proof, command: AdoptCommand): Aside[] => {
  const { managed, conflict } = proof
  if (!conflict || !managed.member) return []
  const objects = conflict.differences.map(({ object }) => object)
  const own = { ...command, db: [managed.name] }
  const allow = { ...own, allowDifference: [...new Set([...command.allowDifference, ...objects])] }
  const [, ...details] = describeConflict(proof)
  return [
    {
      managed,
      message: `${managed.database}: CONFLICT: nearest is ${nearestOf(conflict)}, and it differs in ${fewNames(objects)} (- the files, + what is there):`,
      details,
      hint: [
        `put right what differs, then: ${adoptCommandLine(own)}`,
        ...(objects.length <= 5 ? [`what is known and meant to stay: ${adoptCommandLine(allow)}`] : []),
      ].join('\n'),
    },
  ]
}

/** What is to be recorded, database by database; those that conflict have no step. */
export const planAdopt = (
  command: AdoptCommand,
  proofs: readonly Proof[],
  aside: readonly Aside[],
): Plan<AdoptStep> => ({
  version: 1,
  command: 'adopt',
  environment: command.environment,
  ...withAside([...aside, ...proofs.flatMap((proof) => asideOf(proof, command))]),
  steps: proofs
    .filter(({ conflict, proven }) => !conflict && proven.length > 0)
    .map(({ managed, versions, proven }) => ({
      kind: 'adopt-database',
      managed: { ...managed, versions },
      migrations: proven,
    })),
})

export type AdoptCommand = { environment: string; db: readonly string[]; allowDifference: readonly string[] }

export const adoptCommandLine = ({ environment, db, allowDifference }: AdoptCommand): string =>
  quoteAll([
    ...['po-migrate', 'adopt', environment],
    ...db.flatMap((name) => ['--db', name]),
    ...allowDifference.flatMap((object) => ['--allow-difference', object]),
  ])

/**
 * One that fits only in part keeps all from being recorded: it is put right, or left out by naming the others. Those of a fleet
 * are only left alone.
 * @throws AppError (exit 4) with every difference, and the command that lets them pass.
 */
export const requireProven = (proofs: readonly Proof[], command: AdoptCommand): void => {
  const conflicts = proofs.filter(({ conflict, managed }) => conflict && !managed.member)
  if (conflicts.length === 0) return
  const objects = conflicts.flatMap(({ conflict }) => conflict?.differences.map(({ object }) => object) ?? [])
  const fit = proofs.filter(({ conflict }) => !conflict)
  const others = [...new Set(fit.map(({ managed }) => storeName(managed)))]
  const allow = { ...command, allowDifference: [...new Set([...command.allowDifference, ...objects])] }
  throw new AppError(
    conflicts.length === 1
      ? `${conflicts[0]?.managed.database} is not what its migrations make, so nothing of it is recorded.`
      : `${conflicts.length} databases are not what their migrations make, so nothing is recorded.`,
    {
      exitCode: exitCodes.refused,
      details: conflicts.flatMap(describeConflict),
      hint: [
        `put right what differs, then: ${adoptCommandLine(command)}`,
        ...(objects.length <= 5 ? [`what is known and meant to stay: ${adoptCommandLine(allow)}`] : []),
        ...(others.length > 0 ? [`the others: ${adoptCommandLine({ ...command, db: others })}`] : []),
      ].join('\n'),
    },
  )
}
