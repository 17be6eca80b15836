import { describe, expect, it } from 'vitest'
import { judgeNames } from '../../../src/fleet/judge-names.ts'
import { fleet } from '../support/fixtures.ts'

const membersOf = (names: readonly (string | null)[], change = {}): string[] =>
  judgeNames(fleet(change), names).members.map(({ name, database }) => `${name} = ${database}`)

describe('the names of a fleet', () => {
  it('become databases in the order in which they come, with the suffix of the environment', () => {
    expect(membersOf(['tenant_b', 'tenant_a'], { suffix: '_qual' })).toEqual([
      'tenants/tenant_b = tenant_b_qual',
      'tenants/tenant_a = tenant_a_qual',
    ])
  })

  it('are taken as they are, whatever is in them', () => {
    expect(membersOf(['../../etc', 'a"b', "it's; drop database x", 'ä é', 'A,B', 'a/b'])).toEqual(
      ['../../etc', 'a"b', "it's; drop database x", 'ä é', 'A,B', 'a/b'].map(
        (key) => `tenants/${key} = ${key}`,
      ),
    )
  })

  it.each([
    ['no name', null, 'there is no name in it'],
    ['an empty one', '', 'there is no name in it'],
    ['a control character', 'a\nb', 'control character'],
    ['more than 63 bytes', 'a'.repeat(64), '64 bytes'],
    ['more than 63 bytes of fewer characters', 'é'.repeat(32), '64 bytes'],
    ['the name of a database that the config manages', 'iam', 'managed elsewhere'],
    ['the name of a database of Postgres', 'postgres', 'managed elsewhere'],
  ])('are refused by themselves for %s', (_, name, why) => {
    const { members, refused } = judgeNames(fleet(), ['tenant_a', name, 'tenant_b'])
    expect(members.map(({ database }) => database)).toEqual(['tenant_a', 'tenant_b'])
    expect(refused.map(({ obstacle }) => obstacle.message)).toEqual([expect.stringContaining(why)])
    expect(refused[0]?.obstacle.hint).toContain('databases.tenants.from.query')
  })

  it('are measured with the suffix, in bytes', () => {
    expect(judgeNames(fleet({ suffix: '_qual' }), ['a'.repeat(58)]).refused).toEqual([])
    expect(judgeNames(fleet({ suffix: '_qual' }), ['a'.repeat(59)]).refused).toHaveLength(1)
  })

  it('are taken once and told where they come twice', () => {
    const { members, notes, refused } = judgeNames(fleet(), ['a', 'b', 'a', 'a'])
    expect(members.map(({ database }) => database)).toEqual(['a', 'b'])
    expect(notes).toEqual(['tenants: named more than once, taken once: a 3 times'])
    expect(refused).toEqual([])
  })

  it('are told when there are none', () => {
    expect(judgeNames(fleet(), []).notes).toEqual([
      'tenants: the query names no database, so there is nothing to do in it',
    ])
  })
})
