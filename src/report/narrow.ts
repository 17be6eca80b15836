import type { Output } from '../model/context.ts'
import { visibleWidth } from './render.ts'

/** What is to be copied or read as it stands: commands, SQL beside its numbers, documents. A line that moves is no line yet. */
const asItStands = /^\s*(?:→|->|\d+ \||\||[{}[\]"<])|\r/

/** A number stays with what it counts. */
const betweenWords = /(?<!\d )(?<=\s)(?=\S)/

/** Broken between words, what follows further in; a word that is longer stays whole. */
const foldLine = (line: string, columns: number): string => {
  if (visibleWidth(line) <= columns || asItStands.test(line)) return line
  const indent = ' '.repeat(line.length - line.trimStart().length)
  const lines = [indent]
  for (const word of line.trimStart().split(betweenWords)) {
    const last = lines.at(-1) ?? ''
    // Nothing, or a sign that belongs to the word.
    const isFirst = visibleWidth(last.trim()) <= 1
    if (isFirst || visibleWidth(last + word.trimEnd()) <= columns) lines[lines.length - 1] = last + word
    else lines.push(`${indent}    ${word}`)
  }
  return lines.map((one) => one.trimEnd()).join('\n')
}

/** Columns from which a terminal may break lines as it likes. */
const roomy = 80

export const isNarrow = ({ isTTY, columns }: Output): boolean => isTTY === true && (columns || roomy) < roomy

/** For a terminal with little room: whole words. */
export const narrowOutput = (stream: Output): Output => {
  const write = (text: string): unknown => {
    const lines = text.split('\n')
    const open = lines.pop() ?? ''
    return stream.write([...lines.map((line) => foldLine(line, stream.columns || roomy)), open].join('\n'))
  }
  return Object.create(stream, { write: { value: write } })
}
