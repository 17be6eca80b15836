import { describe, expect, it } from 'vitest'
import { compareVersions, history, isUnapplied } from '../../../src/model/history.ts'

const states = (versions: string[], applied: string[]): string[] =>
  history(
    versions.map((version) => ({ version, file: `${version}_x.sql` })),
    applied,
  ).map(({ version, state }) => `${version} ${state}`)

describe('history', () => {
  it.each<[string, string[], string[], string[]]>([
    ['nothing is there', [], [], []],
    ['nothing is applied: every file is pending', ['1', '2'], [], ['1 pending', '2 pending']],
    ['all is applied', ['1', '2'], ['1', '2'], ['1 applied', '2 applied']],
    ['a file newer than every applied version is pending', ['1', '2'], ['1'], ['1 applied', '2 pending']],
    [
      'a file older than the newest applied version is out of order',
      ['1', '2', '3'],
      ['1', '3'],
      ['1 applied', '2 out-of-order', '3 applied'],
    ],
    [
      'a version without a file is missing-file, and stands in its place',
      ['1', '3'],
      ['1', '2', '3'],
      ['1 applied', '2 missing-file', '3 applied'],
    ],
    [
      'a missing file counts as the newest applied version too',
      ['1', '2'],
      ['1', '3'],
      ['1 applied', '2 out-of-order', '3 missing-file'],
    ],
    [
      'versions compare as strings: 10 comes before 9, so it is late',
      ['10', '9'],
      ['9'],
      ['10 out-of-order', '9 applied'],
    ],
    [
      'five digits sort before timestamps',
      ['00001', '00012', '20260101000000'],
      ['00001', '20260101000000'],
      ['00001 applied', '00012 out-of-order', '20260101000000 applied'],
    ],
    [
      'a timestamp after five digits is simply next',
      ['00012', '20260101000000'],
      ['00012'],
      ['00012 applied', '20260101000000 pending'],
    ],
    [
      'the order in which the server names them does not matter',
      ['2', '3'],
      ['3', '1'],
      ['1 missing-file', '2 out-of-order', '3 applied'],
    ],
    ['leading zeros are part of a version', ['01'], ['1'], ['01 out-of-order', '1 missing-file']],
  ])('%s', (...[, files, applied, expected]) => {
    expect(states(files, applied)).toEqual(expected)
  })

  it.each([
    ['has another checksum than the ledger says', 'old', 'new', 'edited'],
    ['has the checksum of the ledger', 'same', 'same', 'applied'],
    ['is not in the ledger', undefined, 'new', 'applied'],
    ['cannot be read', 'old', undefined, 'applied'],
  ])('an applied file that %s', (...[, then, checksum, state]) => {
    const file = { version: '1', file: '1_a.sql', ...(checksum && { checksum }) }
    const checksums = new Map(then ? [['1', then]] : [])
    expect(history([file], ['1'], checksums)).toEqual([{ version: '1', file: '1_a.sql', state }])
  })

  it('does not take a file for edited that is not applied any more', () => {
    const file = { version: '1', file: '1_a.sql', checksum: 'new' }
    expect(history([file], [], new Map([['1', 'old']]))).toMatchObject([{ state: 'pending' }])
  })

  it('names the file of every version that has one', () => {
    expect(history([{ version: '1', file: '1_a.sql' }], ['1', '2']).map(({ file }) => file)).toEqual([
      '1_a.sql',
      null,
    ])
  })

  it.each([
    ['pending', true],
    ['out-of-order', true],
    ['applied', false],
    ['missing-file', false],
    ['edited', false],
  ] as const)('up would run a version that is %s: %j', (state, unapplied) => {
    expect(isUnapplied({ version: '1', file: null, state })).toBe(unapplied)
  })

  it.each([
    ['00001', '00002', -1],
    ['2', '10', 1],
    ['00001', '00001', 0],
  ])('compares %s with %s to %i', (a, b, expected) => {
    expect(compareVersions(a, b)).toBe(expected)
  })
})
