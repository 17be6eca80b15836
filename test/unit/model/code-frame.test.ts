import { describe, expect, it } from 'vitest'
import { codeFrame } from '../../../src/model/code-frame.ts'
import { cellsOf } from '../../../src/model/columns.ts'

const text = Array.from({ length: 12 }, (_, index) => `line ${index + 1}`).join('\n')

describe('a code frame', () => {
  it('shows two lines on either side, the place marked, the column under a caret', () => {
    expect(codeFrame(text, { line: 9, column: 3 })).toEqual([
      '   7 | line 7',
      '   8 | line 8',
      '>  9 | line 9',
      '     |   ^',
      '  10 | line 10',
      '  11 | line 11',
    ])
  })

  it.each([
    [1, ['> 1 | line 1', '  2 | line 2', '  3 | line 3']],
    [12, ['  10 | line 10', '  11 | line 11', '> 12 | line 12']],
  ])('is cut at the ends of the file (line %i)', (line, expected) => {
    expect(codeFrame(text, { line })).toEqual(expected)
  })

  it('shows of a line without end what stands around the place', () => {
    const [marked = '', caret = ''] = codeFrame(`${'x'.repeat(1e6)}!${'x'.repeat(1e6)}`, {
      line: 1,
      column: 1_000_001,
    })
    expect(marked.length).toBeLessThan(260)
    expect(marked[caret.indexOf('^')]).toBe('!')
  })

  it('counts characters in a line without end, and cuts none in two', () => {
    const [marked = '', caret = ''] = codeFrame(`${'😀'.repeat(501)}!${'😀'.repeat(500)}`, {
      line: 1,
      column: 502,
    })
    expect(marked.isWellFormed()).toBe(true)
    expect(cellsOf(marked)[caret.indexOf('^')]).toBe('!')
  })

  it.each([
    [240, undefined, 240, 'a'],
    [241, undefined, 240, 'a'],
    [241, 5, 240, 'a'],
    [1000, 500, 240, 'x'],
  ])('of a line of %i characters, at column %s, shows %i that begin with %s', (...row) => {
    const [length, column, shown, first] = row
    const [marked = ''] = codeFrame(`a${'x'.repeat(length - 1)}`, { line: 1, ...(column && { column }) })
    expect(marked.slice('> 1 | '.length)).toHaveLength(shown)
    expect(marked.at('> 1 | '.length)).toBe(first)
  })

  it('has no trailing blanks, and no carriage returns of a CRLF file', () => {
    expect(codeFrame('a  \r\n\r\nb\r\n', { line: 2 })).toEqual(['  1 | a', '> 2 |', '  3 | b', '  4 |'])
  })

  it.each([
    ['\tselekt 2;', 2, '    | \t^'],
    ['\t\tx', 3, '    | \t\t^'],
    ['😀 x', 3, '    |    ^'],
  ])('puts the caret under the place in %j', (line, column, caret) => {
    expect(codeFrame(line, { line: 1, column })[1]).toBe(caret)
  })
})
