import { AppError, exitCodes, usageError } from '../../errors.ts'
import { changedLines } from '../../model/diff-lines.ts'
import type { Plan } from '../../model/plan.ts'
import { quoteAll } from '../../model/quote.ts'
import type { DatabaseState, ManagedDatabase, Migration, VersionsTable } from '../../model/types.ts'
import type { AdoptStep } from '../steps/adopt-kinds.ts'
import type { Difference } from './compare-schemas.ts'
import { withoutSecrets } from './secrets.ts'

/** What is proven of one database, as far as a plan needs it. */
export type Proof = {
  managed: ManagedDatabase
  versions: VersionsTable
  proven: readonly Migration[]
  conflict?: { nearest: readonly Migration[]; differences: readonly Difference[]; unread?: string }
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
          `${managed.name}/${file}${line === undefined ? '' : `:${line}`}: ${message}`,
      ),
  )
  if (details.length > 0)
    throw usageError(
      'Some migration files are not fit to run:',
      'correct the files, then run it again',
      details,
    )
}

/** Databases that somebody made, and of which nothing is recorded. */
export const adoptable = (databases: readonly DatabaseState[]): DatabaseState[] =>
  databases.filter(({ exists, applied, obstacle }) => exists && applied.length === 0 && !obstacle)

const longestShown = 60

const shown = (text: string | null): string | null => (text === null ? null : withoutSecrets(text))

/** What differs from the files that come nearest, with both definitions. */
export const describeConflict = ({ managed, conflict }: Proof): string[] => {
  if (!conflict) return []
  const { nearest, differences, unread } = conflict
  const last = nearest.at(-1)
  const what = last === undefined ? 'no file at all' : `the files up to ${last.file}`
  const lines = differences.flatMap(({ object, expected, found }) => [
    `  ${object}`,
    ...changedLines(shown(expected), shown(found)).map((line) => `    ${line}`),
  ])
  return [
    `${managed.database}: CONFLICT: nearest is ${what}, and differs (- the files, + what is there):`,
    ...lines.slice(0, longestShown),
    ...(lines.length > longestShown ? [`    … ${lines.length - longestShown} lines more`] : []),
    ...(unread === undefined
      ? []
      : [`  Some may be the same, written another way; they could not be read back: ${unread}`]),
  ]
}

/** What is to be recorded, database by database; those that conflict have no step. */
export const planAdopt = (environment: string, proofs: readonly Proof[]): Plan<AdoptStep> => ({
  version: 1,
  command: 'adopt',
  environment,
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
 * One that fits only in part keeps all from being recorded: it is put right, or left out by naming the others.
 * @throws AppError (exit 4) with every difference, and the command that lets them pass.
 */
export const requireProven = (proofs: readonly Proof[], command: AdoptCommand): void => {
  const conflicts = proofs.filter(({ conflict }) => conflict)
  if (conflicts.length === 0) return
  const objects = conflicts.flatMap(({ conflict }) => conflict?.differences.map(({ object }) => object) ?? [])
  const others = proofs.filter(({ conflict }) => !conflict).map(({ managed }) => managed.name)
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
