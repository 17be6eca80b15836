import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import { makePaint } from '../../../src/report/paint.ts'
import { plural, renderDuration, renderError, renderTable, wrapWords } from '../../../src/report/render.ts'
import { plainPaint, sink } from '../support/fixtures.ts'

const colored = makePaint(sink({ isTTY: true }), { noColor: false, env: { LANG: 'C.UTF-8' } })

it('wraps words, and no command', () => {
  const command = "  done: → docker exec db psql -c 'select 1'"
  expect([command, 'words that do not fit'].flatMap((line) => wrapWords(line, 16))).toEqual([
    command,
    'words that do',
    'not fit',
  ])
})

describe('a table', () => {
  it('pads every column to its widest cell and leaves no trailing blanks', () => {
    const rows = [
      ['a', 'bb', ''],
      ['aaaa', 'b', 'c'],
    ]
    expect(renderTable(rows)).toBe('a     bb\naaaa  b   c\n')
    expect(renderTable(rows, '  ')).toBe('  a     bb\n  aaaa  b   c\n')
  })

  it('measures what is seen: neither colour nor the bytes of an umlaut', () => {
    expect(
      renderTable([
        [colored.red('ä'), 'x'],
        ['bb', 'y'],
      ]),
    ).toBe(`${colored.red('ä')}   x\nbb  y\n`)
  })

  it('of no rows is nothing', () => {
    expect(renderTable([])).toBe('')
  })
})

describe('an error on a narrow terminal', () => {
  it('breaks between words, never in the command to copy, and not at all in a pipe', () => {
    const error = {
      message: 'The plan for qual grew while this run waited for the lock.',
      details: ['iam_qual 00001_a_very_long_file_name_that_fits_nowhere.sql'],
      hint: 'po-migrate plan qual --db iam --db calendar --db rag',
      touched: false,
    }
    const narrow = makePaint(sink({ isTTY: true, columns: 40 }), { noColor: true, env: { LANG: 'C.UTF-8' } })
    expect(renderError(error, narrow)).toBe(
      [
        '✖ The plan for qual grew while this run',
        '  waited for the lock.',
        '  iam_qual',
        '  00001_a_very_long_file_name_that_fits_nowhere.sql',
        '  Nothing was touched.',
        '  → po-migrate plan qual --db iam --db calendar --db rag',
        '',
      ].join('\n'),
    )
    expect(renderError(error, plainPaint).split('\n')).toHaveLength(5)
  })
})

describe('a duration', () => {
  it.each([
    [0, '0 ms'],
    [86.6, '87 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [1234, '1.2 s'],
    [59_940, '59.9 s'],
    [59_960, '1 min 00 s'],
    [60_000, '1 min 00 s'],
    [185_400, '3 min 05 s'],
    [3_600_000, '60 min 00 s'],
  ])('of %d ms reads %s', (ms, text) => {
    expect(renderDuration(ms)).toBe(text)
  })
})

describe('an error', () => {
  it('says what, then the details indented, then the next command', () => {
    const error = new AppError('iam: 00009_x.sql failed at line 12: no', {
      exitCode: 1,
      details: ['> 12 | selekt\n     | ^', '', 'iam untouched'],
      hint: 'po-migrate up qual',
    })
    expect(renderError(error, plainPaint)).toBe(
      '✖ iam: 00009_x.sql failed at line 12: no\n  > 12 | selekt\n       | ^\n\n  iam untouched\n  → po-migrate up qual\n',
    )
  })

  it('has no arrow without a next command', () => {
    expect(renderError(new AppError('no', { exitCode: 1 }), plainPaint)).toBe('✖ no\n')
  })

  it.each([
    [2, '✖ no\n  Nothing was touched.\n'],
    [1, '✖ no\n'],
    [130, '✖ no\n'],
  ] as const)('says once that nothing was touched where exit %i promises it', (exitCode, text) => {
    expect(renderError(new AppError('no', { exitCode }), plainPaint)).toBe(text)
  })
})

it.each([
  [0, '0 files'],
  [1, '1 file'],
  [2, '2 files'],
])('%i is counted as %s', (count, text) => {
  expect(plural(count, 'file')).toBe(text)
})
