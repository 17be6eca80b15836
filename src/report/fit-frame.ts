import { cellsOf, firstCells } from '../model/columns.ts'

/** SQL beside its number, or the caret below it: what stands before the text, and the text. */
const framed = /^(\s*>?\s*\d* \| ?)(.*)$/
const caret = /^\s*\| +\^$/
/** One that starts anywhere is as wide as its place has it: a cut would shift what stands behind it. */
const tab = '    '

export const isFramed = (line: string): boolean => framed.test(line)

/**
 * Lines among which a frame of SQL stands, fitted into so many columns: the frame is cut, from the same column in all its
 * lines, so that the caret is seen and points at what it pointed at.
 */
export const fitFrame = (lines: readonly string[], columns: number, cut: string): string[] => {
  const even = lines.map((line) => (isFramed(line) ? line.replaceAll('\t', tab) : line))
  const [, head = '', before = ''] = framed.exec(even.find((line) => caret.test(line)) ?? '') ?? []
  const room = Math.max(columns - head.length, 1)
  const from = before.length > room ? before.length - Math.ceil(room / 2) : 0
  return even.map((line) => {
    const [, own, text = ''] = framed.exec(line) ?? []
    if (own === undefined) return line
    const shown = cellsOf(text).slice(from, from + own.length + room)
    if (from > 0 && shown.length > 0 && !caret.test(line)) shown[0] = cut
    const most = columns - own.length
    return own + (shown.length > most ? [...firstCells(shown, most - 1), cut] : shown).join('')
  })
}
