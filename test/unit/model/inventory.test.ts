import { expect, it } from 'vitest'
import { rolesAmong } from '../../../src/model/inventory.ts'
import { role } from '../../support/tool/inventories.ts'

it('roles that will be there keep their memberships, the superuser granting in the place of who is gone', () => {
  const membership = (granted: string, grantor: string) => ({
    role: granted,
    grantor,
    admin: false,
    inherit: true,
    set: true,
  })
  const app = role('app', {
    memberships: [
      membership('readers', 'boss'),
      membership('gone', 'boss'),
      membership('readers', 'gone'),
      membership('pg_monitor', 'boss'),
    ],
  })
  const there = new Set(['app', 'boss', 'readers'])
  const [kept, ...others] = rolesAmong([app, role('gone')], { there, superuser: 'postgres' })
  expect(others).toEqual([])
  expect(kept?.memberships.map(({ role: granted, grantor }) => `${granted} by ${grantor}`)).toEqual([
    'readers by boss',
    'readers by postgres',
    'pg_monitor by boss',
  ])
})
