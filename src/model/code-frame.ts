import { cellsOf } from './columns.ts'

export type FramePlace = { line: number; column?: number }

const around = 2
/** Characters of a line: a dump writes megabytes into one. */
const widest = 240
const lineEnd = /\r?\n/

/** As wide as the text before the column: tabs stay tabs. */
const indentTo = (characters: readonly string[], column: number): string =>
  cellsOf(characters.slice(0, column - 1).join(''))
    .map((cell) => (cell === '\t' ? cell : ' '))
    .join('')

/**
 * The lines around a place, numbered, the place marked and its column under a caret. Lines and columns are 1-based, and
 * columns count characters, as Postgres does.
 */
export const codeFrame = (text: string, { line, column }: FramePlace): string[] => {
  const lines = text.split(lineEnd)
  const first = Math.max(1, line - around)
  const last = Math.min(lines.length, line + around)
  const gutter = String(last).length
  const charactersOf = (number: number): string[] => [...(lines[number - 1] ?? '')]
  const isLong = charactersOf(line).length > widest
  const from = isLong ? Math.max(0, (column ?? 1) - widest / 2) : 0
  const shown = (number: number): string[] => charactersOf(number).slice(from, from + widest)
  const frame: string[] = []
  for (let number = first; number <= last; number++) {
    const mark = number === line ? '>' : ' '
    frame.push(`${mark} ${String(number).padStart(gutter)} | ${shown(number).join('')}`.trimEnd())
    if (number === line && column)
      frame.push(`  ${' '.repeat(gutter)} | ${indentTo(shown(number), column - from)}^`)
  }
  return frame
}
