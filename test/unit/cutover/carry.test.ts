import { describe, expect, it } from 'vitest'
import {
  type CarryWorld,
  planCarry,
  refuseUnmade,
  requireCarriable,
} from '../../../src/cutover/plan/carry.ts'
import type { DatabaseInventory, Inventory, RoleInventory } from '../../../src/model/inventory.ts'

const database = (name: string, more: Partial<DatabaseInventory> = {}): DatabaseInventory => ({
  name,
  owner: 'postgres',
  encoding: 'UTF8',
  provider: 'c',
  collate: 'C',
  ctype: 'C',
  locale: null,
  icuRules: null,
  tablespace: 'pg_default',
  connectionLimit: -1,
  allowConnections: true,
  template: false,
  comment: null,
  acl: [],
  settings: [],
  size: 8e6,
  roles: [],
  extensions: [],
  objects: [],
  tables: [],
  sequences: [],
  largeObjects: 0,
  ...more,
})
const role = (name: string): RoleInventory => ({
  name,
  superuser: false,
  inherit: true,
  createRole: false,
  createDatabase: false,
  login: true,
  replication: false,
  bypassRls: false,
  connectionLimit: -1,
  validUntil: null,
  comment: null,
  settings: [],
  memberships: [],
})
const inventory: Inventory = {
  version: '17.2',
  preload: '',
  tablespaces: [],
  roles: [role('postgres'), role('reporter')],
  databases: [
    database('postgres'),
    database('iam_qual'),
    database('booking_qual', { roles: ['postgres', 'reporter'] }),
  ],
}
const world: CarryWorld = {
  host: 'vps',
  inventory,
  managed: ['iam_qual', 'iam_prod'],
  own: ['postgres'],
  closed: [],
  ties: [],
  drop: [],
}

const carried = (more: Partial<CarryWorld> = {}) => {
  const carrying = { ...world, ...more }
  requireCarriable(carrying)
  return planCarry(carrying, ['postgres'])
}

describe('what a cutover carries over', () => {
  it('is every database and role that no migration makes', () => {
    expect(carried()).toEqual({ databases: ['booking_qual'], roles: ['reporter'] })
  })

  it('leaves what --drop names', () => {
    const ties = [{ kind: 'replication slot', name: 'standby', database: '' }]
    expect(carried({ ties, drop: ['standby'] })).toEqual(carried())
    expect(carried({ drop: ['booking_qual', 'reporter'] })).toEqual({ databases: [], roles: [] })
  })

  it('takes a name for a database where there is one, and for a role only where there is none', () => {
    const owner = { inventory: { ...inventory, roles: [...inventory.roles, role('booking_qual')] } }
    expect(carried({ ...owner, drop: ['booking_qual'] })).toEqual({
      databases: [],
      roles: ['reporter', 'booking_qual'],
    })
    expect(carried({ drop: ['postgres'] })).toEqual(carried())
  })

  it.each([
    ['a name that nobody has', { drop: ['bookings'] }, 2, '--drop bookings'],
    ['a role that a carried database needs', { drop: ['reporter'] }, 4, 'booking_qual needs it'],
    ['a closed database', { closed: ['archive'] }, 4, 'archive takes no connections'],
    [
      'a transaction that only the server holds',
      { ties: [{ kind: 'prepared transaction', name: 'pay-7', database: 'booking_qual' }] },
      4,
      'prepared transaction pay-7',
    ],
    [
      'a tablespace outside the volume',
      {
        inventory: {
          ...inventory,
          tablespaces: [{ name: 'fast', owner: 'postgres', location: '/mnt/fast', acl: [], options: [] }],
        },
      },
      4,
      '/mnt/fast',
    ],
  ] as const)('refuses %s', (...row) => {
    const [, more, exitCode, words] = row
    expect(() => requireCarriable({ ...world, ...more })).toThrow(
      expect.objectContaining({ exitCode, message: expect.stringContaining(words) }),
    )
  })
})

describe('the command behind a refusal', () => {
  const ties = [{ kind: 'replication slot', name: 'standby', database: '' }]

  it.each([
    [{ drop: ['booking_qual', 'bookings'] }, '--drop booking_qual'],
    [{ drop: ['reporter'] }, '--drop booking_qual --drop reporter'],
    [{ drop: ['reporter'], closed: ['old shop'] }, "--drop reporter --drop 'old shop'"],
    [{ drop: ['booking_qual'], ties }, '--drop booking_qual --drop standby'],
  ] as const)('of %j is whole: what was given up, and the confirmation', (more, drops) => {
    expect(() => requireCarriable({ ...world, ...more })).toThrow(
      expect.objectContaining({
        hint: expect.stringMatching(new RegExp(`po-migrate cutover vps ${drops} --confirm yes$`)),
      }),
    )
  })
})

describe('what no migration makes', () => {
  it('is refused, until every database is given up', () => {
    const unmade = ['iam_qual', 'iam_prod'].map((database) => ({ database, objects: ['view public.v'] }))
    expect(() => refuseUnmade(unmade, { host: 'vps', drop: ['iam_qual'] })).toThrow(
      expect.objectContaining({
        exitCode: 4,
        hint: expect.stringMatching(
          /: po-migrate cutover vps --drop iam_qual --drop iam_prod --confirm yes$/,
        ),
      }),
    )
    expect(() => refuseUnmade(unmade, { host: 'vps', drop: ['iam_qual', 'iam_prod'] })).not.toThrow()
  })
})
