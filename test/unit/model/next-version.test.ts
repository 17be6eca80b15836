import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import { nextVersion } from '../../../src/model/next-version.ts'

const now = new Date('2026-11-22T19:29:00.123Z')

describe('the version of the next file', () => {
  it.each<[string, string[], string]>([
    ['starts at 00001', [], '00001'],
    ['is the newest plus one', ['00001', '00002'], '00003'],
    ['does not fill gaps', ['00001', '00007'], '00008'],
    ['does not depend on the order of the files', ['00009', '00002'], '00010'],
    ['keeps a narrower width', ['001', '002'], '003'],
    ['keeps a wider width', ['0000041'], '0000042'],
    [
      'is the current UTC time where the newest is a timestamp',
      ['00012', '20260101000000'],
      '20261122192900',
    ],
    ['is later than a timestamp of this very second', ['20261122192900'], '20261122192901'],
    ['is later than a timestamp from the future', ['20991231235959'], '20991231235960'],
    ['is the present day where the newest is a day', ['20260101'], '20261122'],
    ['is later than a file of the same day', ['20261122'], '20261123'],
    ['is the present minute where the newest is a minute', ['202601010000'], '202611221929'],
    ['keeps milliseconds', ['20260101000000000'], '20261122192900123'],
    ['counts what only looks like a year', ['20249901'], '20249902'],
    ['counts seconds since 1970', ['1700000000'], '1700000001'],
    ['goes beyond what a number holds', ['00009007199254740993'], '20261122192900'],
  ])('%s', (_, versions, expected) => {
    expect(nextVersion(versions, now)).toBe(expected)
  })

  it.each([
    [['00009', '10'], '11'],
    [['10', '9'], undefined],
    [['99999'], undefined],
  ] as const)('after %j sorts behind all of them as a string, or is refused: %j', (versions, expected) => {
    if (expected !== undefined) expect(nextVersion(versions, now)).toBe(expected)
    else expect(() => nextVersion(versions, now)).toThrow(AppError)
  })

  it.each<[string[], string]>([
    [[], '00001'],
    [['00001', '00007'], '00001'],
    [['0003'], '0001'],
    [['00012', '20260101000000'], '20261122192900'],
    [['20260101'], '20261122'],
  ])('of a new database begins as others did: %j gives %s', (others, expected) => {
    expect(nextVersion([], now, others)).toBe(expected)
  })

  it('refuses to use up its width, and says why', () => {
    expect(() => nextVersion(['99999'], now)).toThrow(
      expect.objectContaining({
        message: 'No version of 5 digits comes after 99999.',
        exitCode: 2,
        details: ['dbmate compares versions as strings: 100000 would run before 99999.'],
      }),
    )
  })
})
