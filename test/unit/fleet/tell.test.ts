import { describe, expect, it } from 'vitest'
import { fewNames, tellFailures } from '../../../src/fleet/tell.ts'

const failure = (key: string, message: string) => ({
  fleet: 'tenants',
  key,
  database: `${key}_qual`,
  message: `${key}_qual: ${message}`,
  details: ['one\ntwo'],
  hint: 'correct it',
})

describe('failures of a fleet', () => {
  it('are told once for each message, those of most databases first, with the names', () => {
    expect(
      tellFailures([
        failure('t1', 'no table t1_qual'),
        failure('t2', 'full'),
        failure('t3', 'no table t3_qual'),
      ]),
    ).toEqual([
      'tenants: 2 databases (t1, t3): no table t1_qual',
      '  one',
      '  two',
      '  → correct it',
      'tenants: t2: full',
      '  one',
      '  two',
      '  → correct it',
    ])
  })

  it('name a few of many, and cut a name that is no name for people', () => {
    expect(fewNames(['a', 'b', 'c'], 2)).toBe('a, b and 1 more')
    expect(fewNames(['x'.repeat(70)])).toBe(`${'x'.repeat(39)}…`)
  })
})
