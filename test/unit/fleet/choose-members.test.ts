import { describe, expect, it } from 'vitest'
import { chooseMembers } from '../../../src/fleet/choose-members.ts'
import { judgeNames } from '../../../src/fleet/judge-names.ts'
import { fleet } from '../support/fixtures.ts'

const choose = (only: string[] | undefined, suffix = '') => {
  const one = fleet({ suffix, ...(only && { only }) })
  const { members, refused } = chooseMembers(one, judgeNames(one, ['tenant_1', 'tenant_2', 'iam', 'a/b']))
  return [...members, ...refused.map(({ managed }) => managed)].map(({ name }) => name)
}

describe('--db FLEET/NAME', () => {
  it('takes the named ones, by the names of the query, also one that is refused', () => {
    expect(choose(['tenant_2'])).toEqual(['tenants/tenant_2'])
    expect(choose(['iam', 'a/b'])).toEqual(['tenants/a/b', 'tenants/iam'])
    expect(choose(undefined)).toHaveLength(4)
  })

  it.each([
    ['tenant_22', '', '--db tenants/tenant_2'],
    ['tenant_1_qual', '_qual', '--db tenants/tenant_1'],
    ['quite_another', '', '--db tenants, or --db tenants/NAME'],
  ])('is a mistake of usage for %s, which may have meant another', (typed, suffix, hint) => {
    expect(() => choose([typed], suffix)).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: `tenants has no database "${typed}": the query does not name it.`,
        hint,
      }),
    )
  })
})
