import { describe, expect, it } from 'vitest'
import { renderLint, renderRule, type ShownProblem } from '../../../src/report/lint.ts'
import { plainPaint } from '../support/fixtures.ts'

const problem: ShownProblem = {
  rule: 'syntax',
  level: 'error',
  database: 'iam',
  file: 'iam/1_a.sql',
  line: 2,
  column: 3,
  message: 'no',
  text: 'a\nbcd\n',
}
const shown = (change: Partial<ShownProblem>, errors = 1, warnings = 0): string => {
  const { text: _, ...told } = { ...problem, ...change }
  return renderLint(
    { version: 1, files: 2, errors, warnings, problems: [told] },
    [{ ...problem, ...change }],
    plainPaint,
  )
}

describe('what lint found, for people', () => {
  it('is told with its place, the lines around it, and a count', () => {
    expect(shown({})).toBe(
      '✖ iam/1_a.sql:2:3 no (syntax)\n    1 | a\n  > 2 | bcd\n      |   ^\n    3 |\n\nlint: 2 files, 1 error\n',
    )
    expect(shown({ level: 'warning', column: undefined }, 0, 2)).toBe(
      '! iam/1_a.sql:2 no (syntax)\n    1 | a\n  > 2 | bcd\n    3 |\n\nlint: 2 files, 2 warnings\n',
    )
    expect(shown({}, 1, 1)).toContain('lint: 2 files, 1 error, 1 warning\n')
  })

  it('has no frame where there is no line, or no text to show', () => {
    for (const change of [{ text: undefined }, { line: undefined }])
      expect(shown(change).split('\n')).toHaveLength(4)
  })

  it('is nothing to complain about where nothing was found', () => {
    const document = { version: 1, files: 1, errors: 0, warnings: 0, problems: [] } as const
    expect(renderLint({ ...document, problems: [] }, [], plainPaint)).toBe(
      'lint: 1 file, nothing to complain about\n',
    )
  })
})

describe('a rule, for people', () => {
  const rule = {
    version: 1,
    rule: 'r',
    level: 'warning',
    why: 'W',
    fix: 'F',
    bad: 'a\n\nb\n',
    good: 'c\n',
  } as const

  it('tells whether it can be lifted, and shows both files, only their text indented', () => {
    const text = renderRule({ ...rule, ignorable: true }, plainPaint)
    expect(text).toContain('-- po-migrate:ignore r REASON lifts it')
    expect(text).toContain('\n  a\n\n  b\n\n')
    expect(renderRule({ ...rule, ignorable: false }, plainPaint)).toContain('cannot be ignored')
  })
})
