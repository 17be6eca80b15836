import { cellsOf, firstCells } from '../model/columns.ts'
import type { StatusDocument } from './documents.ts'
import { type MatrixRow, matricesOf } from './matrix.ts'
import type { Paint } from './paint.ts'
import { renderError, renderTable, visibleWidth } from './render.ts'

type EnvironmentStatus = StatusDocument['environments'][number]
type DatabaseStatus = EnvironmentStatus['databases'][number]
type State = MatrixRow['states'][number]

const between = 2
/** Of a file's name, so that it can still be told. */
const least = 16

const headOf = ({ environment, error }: EnvironmentStatus, paint: Paint): string =>
  error ? paint.red(environment) : paint.bold(environment)

/** Where nothing is known: not read, or not there. */
const nothing = (paint: Paint): string => paint.dim('.')

const summaryOf = (
  database: DatabaseStatus | undefined,
  environment: EnvironmentStatus,
  paint: Paint,
): string => {
  if (environment.error) return paint.red('not read')
  if (!database) return nothing(paint)
  if (database.error) return paint.red('refused')
  if (!database.exists) return paint.yellow('no database')
  const { applied, pending } = database
  return pending > 0 ? paint.yellow(`${applied} of ${applied + pending}`) : paint.green(`${applied}`)
}

const stateOf = (state: State, paint: Paint): string => {
  if (state === undefined) return nothing(paint)
  return state === 'applied' ? paint.green(paint.symbols.done) : paint.yellow(state)
}

/** A line of the matrix; its label may have to give way before it is painted. */
type Line = { label: string; isDatabase: boolean; cells: readonly string[] }

const linesOf = (environments: readonly EnvironmentStatus[], paint: Paint): Line[] => [
  { label: '', isDatabase: false, cells: environments.map((each) => headOf(each, paint)) },
  ...matricesOf(environments).flatMap(({ name, databases, rows }) => [
    {
      label: name,
      isDatabase: true,
      cells: environments.map((each, index) => summaryOf(databases[index], each, paint)),
    },
    ...rows.map(({ version, file, states }) => ({
      label: `  ${file ?? `${version} (no file here)`}`,
      isDatabase: false,
      cells: states.map((state) => stateOf(state, paint)),
    })),
  ]),
]

/** The middle goes: a name's number and its end tell it best. */
const shorten = (text: string, most: number, cut: string): string => {
  const cells = cellsOf(text)
  if (cells.length <= most) return text
  const end = Math.floor((most - 1) / 2)
  const last = cells.slice(-end).join('')
  return `${firstCells(cells, most - 1 - end).join('')}${cut}${cells.at(-end) === '' ? ' ' : ''}${last}`
}

const widthOfCells = (lines: readonly Line[]): number => {
  const [head] = lines
  const widths = head?.cells.map((_, index) =>
    Math.max(...lines.map(({ cells }) => visibleWidth(cells[index] ?? ''))),
  )
  return widths?.reduce((sum, width) => sum + between + width, 0) ?? 0
}

/** Names give way, so that no line is longer than the terminal is wide; then some environments go below the others. */
const renderLines = (environments: readonly EnvironmentStatus[], paint: Paint): string => {
  const lines = linesOf(environments, paint)
  const most = (paint.columns || Infinity) - widthOfCells(lines)
  if (most < least && environments.length > 1) {
    const half = Math.ceil(environments.length / 2)
    const parts = [environments.slice(0, half), environments.slice(half)]
    return parts.map((part) => renderLines(part, paint)).join('\n')
  }
  return renderTable(
    lines.map(({ label, isDatabase, cells }) => {
      const name = shorten(label, Math.max(least, most), paint.symbols.cut)
      return [isDatabase ? paint.bold(name) : name, ...cells]
    }),
  )
}

/** Why what was not read could not be, once for environments that share the reason. */
export const renderProblems = (environments: readonly EnvironmentStatus[], paint: Paint): string => {
  const all = environments.flatMap(({ environment, error, databases }) =>
    [error, ...databases.map((database) => database.error)].flatMap((problem) =>
      problem ? [{ environment, problem }] : [],
    ),
  )
  const groups = Map.groupBy(all, ({ problem }) => JSON.stringify(problem))
  return [...groups.values()]
    .map((members) => {
      const names = [...new Set(members.map(({ environment }) => environment))].join(', ')
      const problem = members[0]?.problem ?? { message: '', details: [] }
      return renderError({ hint: undefined, ...problem, message: `${names}: ${problem.message}` }, paint)
    })
    .join('')
}

/** Migrations × environments, what stands below them, and why what was not read could not be. */
export const renderStatusMatrix = (
  environments: readonly EnvironmentStatus[],
  foot: string,
  paint: Paint,
): string => {
  const told = renderProblems(environments, paint)
  return `${renderLines(environments, paint)}${foot}${told && `\n${told}`}`
}
