import { codeFrame } from '../model/code-frame.ts'
import type { LintDocument, RuleDocument } from './documents.ts'
import { fitFrame } from './fit-frame.ts'
import type { Paint } from './paint.ts'
import { plural } from './render.ts'

export type ShownProblem = LintDocument['problems'][number] & {
  /** The file's text, for the frame; absent where nothing can be shown. */
  text?: string | undefined
}

const placeOf = ({ file, line, column }: ShownProblem): string =>
  [file, line, column].filter((part) => part !== undefined).join(':')

/** `✖ path:4:1 what (rule)` and the lines around it. */
const renderProblem = (
  problem: ShownProblem,
  { symbols, red, yellow, bold, dim, columns = Infinity }: Paint,
): string => {
  const { rule, level, line, column, message, text } = problem
  const mark = level === 'error' ? red(symbols.failed) : yellow('!')
  const frame =
    text === undefined || line === undefined ? [] : codeFrame(text, { line, ...(column && { column }) })
  const lines = [
    `${mark} ${bold(placeOf(problem))} ${message} ${dim(`(${rule})`)}`,
    ...fitFrame(frame, columns - 2, symbols.cut).map((shown) => `  ${shown}`),
  ]
  return `${lines.join('\n')}\n`
}

const mostLines = 10

/** Of one rule: the first with its frame, the others a line each. */
const renderGroup = ([first, ...others]: readonly ShownProblem[], paint: Paint): string => {
  if (!first) return ''
  const { bold, dim } = paint
  if (others.length === 0) return renderProblem(first, paint)
  const shown = others.slice(0, mostLines)
  const rest = others.length - shown.length
  const lines = [
    dim(`  ${others.length} more of ${first.rule}, ${others.length + 1} in all:`),
    ...shown.map((problem) => `  ${bold(placeOf(problem))} ${problem.message}`),
    ...(rest > 0 ? [dim(`  and ${rest} more; --json lists all of them`)] : []),
  ]
  return `${renderProblem(first, paint)}${lines.join('\n')}\n`
}

/** Every problem, by rules in the order in which they come first, then the count. */
export const renderLint = (
  { files, errors, warnings }: LintDocument,
  problems: readonly ShownProblem[],
  paint: Paint,
): string => {
  const counts = [errors && plural(errors, 'error'), warnings && plural(warnings, 'warning')].filter(Boolean)
  const summary = `lint: ${plural(files, 'file')}, ${counts.join(', ') || 'nothing to complain about'}\n`
  const groups = Map.groupBy(problems, ({ rule, level }) => `${rule} ${level}`)
  return [...groups.values()].map((group) => `${renderGroup(group, paint)}\n`).join('') + summary
}

/** Warnings about tables that the files make themselves; a database where they are applied is another matter. */
export const renderSilent = (count: number): string =>
  count === 0
    ? ''
    : `${plural(count, 'warning')} left out: on an empty database nobody waits for a table that these files make.\nWhere they are applied already: lint: { since: VERSION } in the config.\n`

const indented = (text: string): string => text.trimEnd().replaceAll(/^(?=.)/gm, '  ')

/** A rule's whole record, for people. */
export const renderRule = (
  { rule, level, ignorable, why, fix, bad, good }: RuleDocument,
  paint: Paint,
): string => {
  const { bold, dim } = paint
  const ignore = ignorable ? `-- po-migrate:ignore ${rule} REASON lifts it` : 'cannot be ignored'
  const blocks = [
    `${bold(rule)} ${dim(`· ${level} · ${ignore}`)}`,
    why,
    `${bold('Instead:')} ${fix}`,
    `${bold('Found:')}\n\n${indented(bad)}`,
    `${bold('Safe:')}\n\n${indented(good)}`,
  ]
  return `${blocks.join('\n\n')}\n`
}
