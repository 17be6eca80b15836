import { bareMessage, fewNames } from '../fleet/tell.ts'
import type { DriftedFleet, DriftedGroup } from '../report/drift-documents.ts'
import type { Paint } from '../report/paint.ts'
import { plural, wrapWords } from '../report/render.ts'
import { renderBody } from './report.ts'

/** Named of a group; `--json` has them all. */
const shown = 20

type Standing = 'alike' | 'absent' | 'different' | 'unknown'

const standingOf = ({ differences, error, databases: [first] }: DriftedGroup): Standing => {
  if (error) return 'unknown'
  if (first?.exists === false) return 'absent'
  return differences.length > 0 ? 'different' : 'alike'
}

/** `their 5 applied files`, where they all have as many. */
const filesOf = ({ databases }: DriftedGroup): string => {
  const [first, ...others] = new Set(databases.map(({ applied }) => applied))
  return first === undefined || others.length > 0 ? 'applied files' : plural(first, 'applied file')
}

const keyOf = (fleet: string, { name }: { name: string }): string => name.slice(fleet.length + 1)

const sentenceOf = (fleet: string, group: DriftedGroup): string => {
  const { databases, differences, error } = group
  const [first] = databases
  const several = databases.length > 1
  const files = filesOf(group)
  const make = files === '1 applied file' ? 'makes' : 'make'
  const whose = several ? 'their' : 'its'
  switch (standingOf(group)) {
    case 'unknown':
      return first && error ? bareMessage({ ...error, ...first, fleet, key: keyOf(fleet, first) }) : ''
    case 'absent':
      return several ? 'do not exist' : 'does not exist'
    case 'alike':
      return `${several ? 'are' : 'is'} as ${whose} ${files} ${make} ${several ? 'them' : 'it'}`
    default:
      return `${plural(differences.length, 'difference')} from what ${whose} ${files} ${make}`
  }
}

const renderGroup = (fleet: string, group: DriftedGroup, paint: Paint): string[] => {
  const { databases } = group
  const { symbols, green, red, dim, columns } = paint
  const standing = standingOf(group)
  const symbol = { alike: green(symbols.done), absent: dim(symbols.skipped) }
  const names = fewNames(
    databases.map((one) => keyOf(fleet, one)),
    standing === 'alike' ? 5 : shown,
  )
  const several = databases.length > 1
  const who = several ? `${databases.length} databases (${names})` : names
  const between = standing === 'alike' || standing === 'absent' ? ' ' : ': '
  const mark = standing === 'alike' || standing === 'absent' ? symbol[standing] : red(symbols.failed)
  const [first = '', ...more] = wrapWords(
    `${who}${between}${sentenceOf(fleet, group)}`,
    columns && columns - 2,
  )
  return [`${mark} ${first}`, ...more.map((line) => `  ${line}`), ...renderBody(group, paint)].map(
    (line) => `  ${line}`,
  )
}

const says: Readonly<Record<Standing, string>> = {
  alike: 'as their files make them',
  different: 'different',
  unknown: 'not compared',
  absent: 'not there',
}

const order: readonly Standing[] = ['alike', 'absent', 'different', 'unknown']

/** How many stand how, then group by group: what is well first, what needs somebody last. */
export const renderDriftedFleet = ({ fleet, groups }: DriftedFleet, paint: Paint): string[] => {
  const by = Map.groupBy(groups, standingOf)
  const countOf = (standing: Standing): number =>
    (by.get(standing) ?? []).reduce((sum, { databases }) => sum + databases.length, 0)
  const counts = order.flatMap((standing) =>
    countOf(standing) > 0 ? `${countOf(standing)} ${says[standing]}` : [],
  )
  const total = groups.reduce((sum, { databases }) => sum + databases.length, 0)
  return [
    `${paint.bold(fleet)}  ${plural(total, 'database')}: ${counts.join(', ')}`,
    ...order.flatMap((standing) =>
      (by.get(standing) ?? []).flatMap((group) => renderGroup(fleet, group, paint)),
    ),
  ]
}
