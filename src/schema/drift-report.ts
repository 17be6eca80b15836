import type { DriftDocument } from '../report/drift-documents.ts'
import type { Paint } from '../report/paint.ts'
import { plural } from '../report/render.ts'
import { renderDriftedFleet } from './fleet-drift-report.ts'
import { renderBody } from './report.ts'

type DriftedDatabase = DriftDocument['databases'][number]

const headOf = ({ database, applied, exists, differences, error }: DriftedDatabase, paint: Paint): string => {
  const { symbols, green, red } = paint
  if (error) {
    const { message } = error
    return `${red(symbols.failed)} ${message.startsWith(`${database}: `) ? message : `${database}: ${message}`}`
  }
  if (!exists) return `${paint.dim(symbols.skipped)} ${database} does not exist`
  const files = plural(applied, 'applied file')
  return differences.length === 0
    ? `${green(symbols.done)} ${database} is as its ${files} ${applied === 1 ? 'makes' : 'make'} it`
    : `${red(symbols.failed)} ${database}: ${plural(differences.length, 'difference')} from what its ${files} ${applied === 1 ? 'makes' : 'make'}`
}

/** A line a database, its differences below it, and with --sql the statements that would bring it back; fleets last. */
export const renderDrift = ({ databases, fleets = [] }: DriftDocument, paint: Paint): string =>
  [
    ...databases.flatMap((one) => [headOf(one, paint), ...renderBody(one, paint)]),
    ...fleets.flatMap((fleet) => renderDriftedFleet(fleet, paint)),
  ]
    .map((line) => `${line}\n`)
    .join('')
