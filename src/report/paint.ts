import { styleText } from 'node:util'
import type { Output } from '../model/context.ts'

/** Colour and symbols for one stream, settled once: what this terminal can show. */
export type Paint = {
  bold: (text: string) => string
  dim: (text: string) => string
  red: (text: string) => string
  green: (text: string) => string
  yellow: (text: string) => string
  /** Width of a terminal, to wrap at; nothing else is wrapped. */
  columns?: number
  symbols: {
    done: string
    failed: string
    skipped: string
    next: string
    cut: string
    running: readonly string[]
  }
}

export type PaintOptions = { noColor: boolean; env: Record<string, string | undefined> }

const unicode = {
  done: '✔',
  failed: '✖',
  skipped: '–',
  next: '→',
  /** For what was left out of a name. */
  cut: '…',
  running: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
}
const ascii = { done: 'ok', failed: 'x', skipped: '-', next: '->', cut: '~', running: ['|', '/', '-', '\\'] }
const utf8 = /utf-?8/i

/**
 * Colour on a terminal or in GitLab's log, off under NO_COLOR (any value), TERM=dumb and --no-color; FORCE_COLOR turns it on.
 * Source: no-color.org, force-color.org.
 */
const hasColor = (stream: Output, { noColor, env }: PaintOptions): boolean => {
  if (noColor || env.NO_COLOR) return false
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0'
  return env.TERM !== 'dumb' && (stream.isTTY === true || env.GITLAB_CI === 'true')
}

/** Whether this locale, or a CI that names none, shows more than ASCII. */
export const isUnicode = ({ LC_ALL, LC_CTYPE, LANG, CI }: PaintOptions['env']): boolean => {
  const locale = LC_ALL || LC_CTYPE || LANG || ''
  return utf8.test(locale) || (!locale && Boolean(CI))
}

export const makePaint = (stream: Output, options: PaintOptions): Paint => {
  const color = hasColor(stream, options)
  const style =
    (format: 'bold' | 'dim' | 'red' | 'green' | 'yellow') =>
    (text: string): string =>
      color ? styleText(format, text, { validateStream: false }) : text
  return {
    bold: style('bold'),
    dim: style('dim'),
    red: style('red'),
    green: style('green'),
    yellow: style('yellow'),
    ...(stream.isTTY && stream.columns && { columns: stream.columns }),
    symbols: isUnicode(options.env) ? unicode : ascii,
  }
}
