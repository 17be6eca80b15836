import { diffLines as differences } from 'diff'

const lineEnd = /\n$/

/** A last line without its end would differ from the same line further up. */
const whole = (text: string): string => (text === '' || lineEnd.test(text) ? text : `${text}\n`)

type DiffLine = { mark: ' ' | '-' | '+'; text: string }

/** Lines of `after` beside those of `before`: ` ` kept, `-` gone, `+` new. */
export const diffLines = (before: string, after: string): DiffLine[] =>
  differences(whole(before), whole(after)).flatMap(({ value, added, removed }) => {
    const mark = (added && '+') || (removed && '-') || ' '
    return value
      .replace(lineEnd, '')
      .split('\n')
      .map((text): DiffLine => ({ mark, text }))
  })

/** What of two definitions, of which one may not be there, is in one alone, with its mark in front. */
export const changedLines = (before: string | null, after: string | null): string[] =>
  diffLines(before ?? '', after ?? '')
    .filter(({ mark }) => mark !== ' ')
    .map(({ mark, text }) => `${mark} ${text}`)
