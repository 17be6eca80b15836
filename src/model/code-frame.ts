export type FramePlace = { line: number; column?: number }

const around = 2
const lineEnd = /\r?\n/

const notTab = /[^\t]/gu

/** As wide as the text before the column: tabs stay tabs, and a column counts characters, as Postgres does. */
const indentTo = (line = '', column: number): string =>
  [...line]
    .slice(0, column - 1)
    .join('')
    .replace(notTab, ' ')

/** The lines around a place, numbered, the place marked and its column under a caret. Lines and columns are 1-based. */
export const codeFrame = (text: string, { line, column }: FramePlace): string[] => {
  const lines = text.split(lineEnd)
  const first = Math.max(1, line - around)
  const last = Math.min(lines.length, line + around)
  const gutter = String(last).length
  const frame: string[] = []
  for (let number = first; number <= last; number++) {
    const mark = number === line ? '>' : ' '
    frame.push(`${mark} ${String(number).padStart(gutter)} | ${lines[number - 1] ?? ''}`.trimEnd())
    if (number === line && column)
      frame.push(`  ${' '.repeat(gutter)} | ${indentTo(lines[number - 1], column)}^`)
  }
  return frame
}
