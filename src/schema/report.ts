import { changedLines } from '../model/diff-lines.ts'
import type { DifferenceDocument, DriftedGroup } from '../report/drift-documents.ts'
import type { Paint } from '../report/paint.ts'
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

type Told = Pick<DriftedGroup, 'differences' | 'unread' | 'sql' | 'error'>

/** What stands below the line of a database, or of several that stand alike. */
export const renderBody = ({ differences, unread, sql, error }: Told, paint: Paint): string[] => [
  ...(error?.details.map((line) => `  ${line}`) ?? []),
  ...(error?.hint?.split('\n').map((line) => `  ${paint.symbols.next} ${line}`) ?? []),
  ...renderDifferences(differences, paint),
  ...(unread === undefined
    ? []
    : [`  They could not be read back, so some may be the same, written another way: ${unread}`]),
  ...(sql ? ['  -- what would bring it back; nobody runs it:', ...sql] : []),
]
