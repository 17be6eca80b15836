import { diffLines as differences } from 'diff'

const lineEnd = /\n$/

/** Lines of `after` beside those of `before`, as diff -u marks them, without line numbers: ` ` kept, `-` gone, `+` new. */
export const diffLines = (before: string, after: string): string[] =>
  differences(before, after).flatMap(({ value, added, removed }) => {
    const mark = (added && '+') || (removed && '-') || ' '
    return value
      .replace(lineEnd, '')
      .split('\n')
      .map((line) => mark + line)
  })
