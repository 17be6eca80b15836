import { codeFrame } from '../model/code-frame.ts'
import type { LintDocument, RuleDocument } from './documents.ts'
import type { Paint } from './paint.ts'
import { plural } from './render.ts'

export type ShownProblem = LintDocument['problems'][number] & {
  /** The file's text, for the frame; absent where nothing can be shown. */
  text?: string | undefined
}

/** `✖ path:4:1 what (rule)` and the lines around it. */
const renderProblem = (problem: ShownProblem, { symbols, red, yellow, bold, dim }: Paint): string => {
  const { rule, level, file, line, column, message, text } = problem
  const place = [file, line, column].filter((part) => part !== undefined).join(':')
  const mark = level === 'error' ? red(symbols.failed) : yellow('!')
  const frame =
    text === undefined || line === undefined ? [] : codeFrame(text, { line, ...(column && { column }) })
  const lines = [
    `${mark} ${bold(place)} ${message} ${dim(`(${rule})`)}`,
    ...frame.map((shown) => `  ${shown}`),
  ]
  return `${lines.join('\n')}\n`
}

/** Every problem with its frame, then the count. */
export const renderLint = (
  { files, errors, warnings }: LintDocument,
  problems: readonly ShownProblem[],
  paint: Paint,
): string => {
  const counts = [errors && plural(errors, 'error'), warnings && plural(warnings, 'warning')].filter(Boolean)
  const summary = `lint: ${plural(files, 'file')}, ${counts.join(', ') || 'nothing to complain about'}\n`
  return problems.map((problem) => `${renderProblem(problem, paint)}\n`).join('') + summary
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
