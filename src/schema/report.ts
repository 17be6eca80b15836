import { changedLines } from '../model/diff-lines.ts'
import type { Paint } from '../report/paint.ts'
import { plural } from '../report/render.ts'
import type { DifferenceDocument, DriftDocument } from './documents.ts'
import type { Difference } from './plan/compare-schemas.ts'
import { withoutSecrets } from './plan/secrets.ts'

const shown = (text: string | null): string | null => (text === null ? null : withoutSecrets(text))

const stateOf = ({ expected, found }: Difference): DifferenceDocument['state'] => {
  if (expected === null) return 'unexpected'
  return found === null ? 'missing' : 'changed'
}

export const describeDifference = (difference: Difference): DifferenceDocument => ({
  ...difference,
  state: stateOf(difference),
  expected: shown(difference.expected),
  found: shown(difference.found),
})

const says: Readonly<Record<DifferenceDocument['state'], string>> = {
  missing: 'is missing',
  unexpected: 'is made by no file',
  changed: 'is another one',
}

/** `index sales.orders_by_day is missing`, and below it what the files make (-) and what is there (+). */
export const renderDifferences = (differences: readonly DifferenceDocument[], paint: Paint): string[] =>
  differences.flatMap(({ object, state, expected, found }) => [
    `  ${paint.bold(object)} ${says[state]}`,
    ...changedLines(expected, found).map(
      (line) => `    ${line.startsWith('-') ? paint.red(line) : paint.green(line)}`,
    ),
  ])

type DriftedDatabase = DriftDocument['databases'][number]

const headOf = ({ database, applied, exists, differences, error }: DriftedDatabase, paint: Paint): string => {
  const { symbols, green, red } = paint
  if (error) return `${red(symbols.failed)} ${database}: ${error.message}`
  if (!exists) return `${paint.dim(symbols.skipped)} ${database} does not exist`
  const files = plural(applied, 'applied file')
  return differences.length === 0
    ? `${green(symbols.done)} ${database} is as its ${files} ${applied === 1 ? 'makes' : 'make'} it`
    : `${red(symbols.failed)} ${database}: ${plural(differences.length, 'difference')} from what its ${files} ${applied === 1 ? 'makes' : 'make'}`
}

/** A line a database, its differences below it, and with --sql the statements that would bring it back. */
export const renderDrift = ({ databases }: DriftDocument, paint: Paint): string =>
  databases
    .flatMap((one) => [
      headOf(one, paint),
      ...(one.error?.details.map((line) => `  ${line}`) ?? []),
      ...(one.error?.hint?.split('\n').map((line) => `  ${paint.symbols.next} ${line}`) ?? []),
      ...renderDifferences(one.differences, paint),
      ...(one.unread === undefined
        ? []
        : [`  They could not be read back, so some may be the same, written another way: ${one.unread}`]),
      ...(one.sql ? ['  -- what would bring it back; nobody runs it:', ...one.sql] : []),
    ])
    .map((line) => `${line}\n`)
    .join('')
