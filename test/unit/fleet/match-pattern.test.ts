import { describe, expect, it } from 'vitest'
import { matchPattern } from '../../../src/fleet/match-pattern.ts'

const match = (pattern: string, names: readonly string[], change: object = {}): string[] =>
  matchPattern(names, { pattern, suffix: '', otherSuffixes: [], ...change })

describe('the pattern of a fleet', () => {
  it.each<[string, string[], string[]]>([
    ['tenant_*', ['tenant_b', 'tenant_a', 'other', 'tenant_'], ['tenant_', 'tenant_a', 'tenant_b']],
    ['t?', ['t1', 't', 't12', 't_'], ['t1', 't_']],
    ['a.b', ['a.b', 'axb'], ['a.b']],
    ['a(b)*', ['a(b)c', 'ab'], ['a(b)c']],
    ['*', ['x\ny', 'ä'], ['x\ny', 'ä']],
  ])('%s takes the names that fit as a whole, in order', (pattern, names, expected) => {
    expect(match(pattern, names)).toEqual(expected)
  })

  it('looks at names before the suffix, and answers them without it', () => {
    expect(match('tenant_*', ['tenant_a_qual', 'tenant_a', 'tenant_b_prod'], { suffix: '_qual' })).toEqual([
      'tenant_a',
    ])
  })

  it('leaves the databases of another environment alone', () => {
    expect(match('tenant_*', ['tenant_a', 'tenant_a_qual'], { otherSuffixes: ['_qual'] })).toEqual([
      'tenant_a',
    ])
  })
})
