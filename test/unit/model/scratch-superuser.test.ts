import { describe, expect, it } from 'vitest'
import { noSuperuser, scratchSuperuser } from '../../../src/model/scratch-superuser.ts'

const role = (name: string, superuser: boolean, login = true) => ({ name, superuser, login })

describe('the superuser of a scratch server', () => {
  it.each([
    ['whoever works there', [role('a', true), role('me', true)], 'me'],
    ['another one, where that is none', [role('me', false), role('admin', true)], 'admin'],
    [
      'never one who may not log in',
      [role('me', false), role('owner', true, false), role('admin', true)],
      'admin',
    ],
    ['one of its own, where there is none', [role('me', false), role('owner', true, false)], noSuperuser],
  ])('is %s', (_, roles, name) => {
    expect(scratchSuperuser(roles, 'me')).toBe(name)
  })
})
