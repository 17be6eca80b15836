import { stripVTControlCharacters } from 'node:util'
import type { AppError } from '../errors.ts'
import { cellsOf } from '../model/columns.ts'
import { fitFrame, isFramed } from './fit-frame.ts'
import type { Paint } from './paint.ts'

/** Columns that a text takes on a terminal, without escapes for colour. */
export const visibleWidth = (text: string): number => cellsOf(stripVTControlCharacters(text)).length

/** Columns padded to the widest cell, two spaces apart, no trailing blanks. */
export const renderTable = (rows: readonly (readonly string[])[], indent = ''): string => {
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((row) => visibleWidth(row[column] ?? '')))) ?? []
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - visibleWidth(cell)))
      return `${indent}${cells.join('  ').trimEnd()}\n`
    })
    .join('')
}

/** A command stands behind it: whoever writes for a terminal gives it a line of its own. */
const arrow = /(?:^|\s)→ /

/** Lines that fit beside an indent of two, broken between words; a word that is longer stays whole, to be copied. */
export const wrapWords = (text: string, columns = Infinity): string[] => {
  const most = columns - 2
  if (visibleWidth(text) <= most || arrow.test(text)) return [text]
  const indent = text.slice(0, text.length - text.trimStart().length)
  const lines: string[] = []
  for (const word of text.trimStart().split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || visibleWidth(last) + 1 + visibleWidth(word) > most)
      lines.push(`${indent}${word}`)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

type ToldError = Pick<AppError, 'message' | 'details'> & {
  hint?: string | undefined
  touched?: boolean | undefined
}

/** `✖ what`, the details indented, whether nothing was touched, and the next command, or those to choose from. */
export const renderError = ({ message, details, hint, touched }: ToldError, paint: Paint): string => {
  const { symbols, red, bold, columns } = paint
  const [first = '', ...more] = wrapWords(message, columns)
  const told = details.flatMap((detail) => detail.split('\n'))
  const fitting = columns === undefined ? told : fitFrame(told, columns - 2, symbols.cut)
  const lines = [
    `${red(symbols.failed)} ${bold(first)}`,
    ...more.map((line) => `  ${bold(line)}`),
    ...fitting
      .flatMap((line) => (isFramed(line) ? [line] : wrapWords(line, columns)))
      .map((line) => `  ${line}`.trimEnd()),
    ...(touched === false ? ['  Nothing was touched.'] : []),
    ...(hint?.split('\n') ?? []).map((line) => `  ${symbols.next} ${line}`),
  ]
  return `${lines.join('\n')}\n`
}

/** 87 ms, 1.2 s, 3 min 05 s. */
export const renderDuration = (ms: number): string => {
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
}

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
