import { AppError, exitCodes } from '../../errors.ts'
import { changedLines } from '../../model/diff-lines.ts'
import { isEmptySection, sectionOf } from '../../model/migration.ts'
import type { Plan } from '../../model/plan.ts'
import type { ManagedDatabase, Migration } from '../../model/types.ts'
import type { VerifyStep } from '../steps/verify-kinds.ts'
import type { Difference } from './compare-schemas.ts'

/** A database's files, and which of them are to be verified; the others are there for those. */
export type VerifiedStore = {
  managed: ManagedDatabase
  files: readonly Migration[]
  chosen: ReadonlySet<string>
}

export const planVerify = (environment: string, stores: readonly VerifiedStore[]): Plan<VerifyStep> => ({
  version: 1,
  command: 'verify',
  environment,
  steps: stores.flatMap(({ managed, files, chosen }) =>
    files
      .filter(({ file }) => chosen.has(file))
      .map((migration) => ({ kind: 'verify-migration', managed, migration }) as const),
  ),
})

/** What is wrong with a file: `rule` and `line` are for reports on merge requests. */
export class Fault extends AppError {
  readonly rule: string
  readonly line: number

  constructor(
    message: string,
    {
      rule,
      line,
      details = [],
      hint,
    }: { rule: string; line: number; details?: readonly string[]; hint: string },
  ) {
    super(message, { exitCode: exitCodes.failed, details, hint })
    this.name = 'Fault'
    this.rule = rule
    this.line = line
  }
}

type About = { managed: ManagedDatabase; migration: Migration }

const declare = ({ managed, migration }: About): string =>
  `correct ${managed.name}/${migration.file}, or, where nothing can undo it, write into it: -- po-migrate:irreversible REASON`

/** A down section that is empty undoes nothing, and dbmate only forgets that the file was applied. */
export const findEmptyDown = (about: About): Fault | undefined => {
  const { managed, migration } = about
  if (migration.irreversible !== undefined || !isEmptySection(sectionOf(migration, 'down'))) return undefined
  return new Fault(
    `${managed.name}: ${migration.file} has an empty down section, and is not declared irreversible.`,
    {
      rule: 'verify-empty-down',
      line: migration.downLine,
      hint: declare(about),
    },
  )
}

const listed = (differences: readonly Difference[]): string[] =>
  differences.flatMap(({ object, expected, found }) => [
    object,
    ...changedLines(expected, found).map((line) => `  ${line}`),
  ])

export const wrongDown = (about: About, differences: readonly Difference[]): Fault =>
  new Fault(
    `${about.managed.name}: the down section of ${about.migration.file} does not bring back the schema that was there before it:`,
    {
      rule: 'verify-down',
      line: about.migration.downLine,
      details: [...listed(differences), '- before its up, + after its down'],
      hint: declare(about),
    },
  )

export const wrongAgain = (about: About, differences: readonly Difference[]): Fault =>
  new Fault(`${about.managed.name}: ${about.migration.file} makes something else the second time:`, {
    rule: 'verify-again',
    line: about.migration.upLine,
    details: [...listed(differences), '- the first time, + after its down'],
    hint: `correct ${about.managed.name}/${about.migration.file}`,
  })
