import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import { codeFrame } from '../../../src/model/code-frame.ts'
import { fitFrame } from '../../../src/report/fit-frame.ts'
import { renderError, visibleWidth } from '../../../src/report/render.ts'
import { plainPaint } from '../support/fixtures.ts'

const sql =
  "ALTER TABLE t ADD a text;\nSELECT id, lower(shades) AS shade, coalesce(colour, '#fff') AS colour FROM t;"

describe('a frame of SQL on a terminal', () => {
  it.each([
    ['at its beginning', 8],
    ['in its middle', 36],
    ['at its end', 76],
  ])('is cut, and the caret stands below what it stood below: %s', (_, column) => {
    for (const columns of [30, 40, 60]) {
      const frame = fitFrame(codeFrame(sql, { line: 2, column }), columns, '…')
      expect(Math.max(...frame.map((line) => line.length))).toBeLessThanOrEqual(columns)
      const [, meant = '', caret = ''] = frame
      expect(meant[caret.indexOf('^')]).toBe(sql.split('\n')[1]?.[column - 1])
    }
  })

  it('counts tabs as equally wide in all its lines', () => {
    const text = `\tSELECT id,\tlower(shades)\t\tAS shade, coalesce(colour, '#fff') AS colour FROM t;`
    for (const column of [2, 24, 40, 70])
      for (const columns of [20, 30, 40, 60]) {
        const [meant = '', caret = ''] = fitFrame(codeFrame(text, { line: 1, column }), columns, '…')
        expect(meant + caret).not.toContain('\t')
        expect(meant.length).toBeLessThanOrEqual(columns)
        expect(meant[caret.indexOf('^')]).toBe(text[column - 1])
      }
  })

  it('is cut by columns where characters are wide', () => {
    const text = `COMMENT ON TABLE t IS '予約と顧客の一覧です', oops, and more of it, and more`
    const column = text.indexOf('oops') + 1
    for (const columns of [24, 31, 60]) {
      const [meant = '', caret = ''] = fitFrame(codeFrame(text, { line: 1, column }), columns, '…')
      expect(visibleWidth(meant)).toBeLessThanOrEqual(columns)
      expect(visibleWidth(meant.slice(0, meant.indexOf('oops')))).toBe(caret.indexOf('^'))
    }
  })

  it('stays as it is where it fits, and so does everything else', () => {
    const lines = [
      'before',
      ...codeFrame(sql, { line: 2, column: 12 }),
      `a longer line | ${'of words '.repeat(20)}`,
    ]
    expect(fitFrame(lines, 100, '…')).toEqual(lines)
  })

  it('is not broken between words under an error', () => {
    const error = new AppError('It failed.', {
      exitCode: 1,
      details: codeFrame(sql, { line: 2, column: 12 }),
    })
    const lines = renderError({ ...error, message: error.message }, { ...plainPaint, columns: 40 }).split(
      '\n',
    )
    expect(lines.slice(1, 4)).toEqual([
      '    1 | ALTER TABLE t ADD a text;',
      '  > 2 | SELECT id, lower(shades) AS sha…',
      '      |            ^',
    ])
  })
})
