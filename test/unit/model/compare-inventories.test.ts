import { describe, expect, it } from 'vitest'
import { compareDatabases, compareInventories } from '../../../src/model/compare-inventories.ts'
import type { DatabaseInventory, Inventory } from '../../../src/model/inventory.ts'
import { database, role } from '../../support/tool/inventories.ts'

const before = database('shop')
const object = before.objects[0]!

describe('comparing a database with what it was', () => {
  it('finds nothing where only its name, its size and versions of extensions differ', () => {
    const extensions = [{ name: 'plpgsql', version: '1.1', schema: 'pg_catalog' }]
    expect(compareDatabases(before, database('restored', { size: 1, extensions }))).toEqual([])
  })

  it('finds nothing where a file gave the keys another order', () => {
    const settings = [{ role: null, values: ['work_mem=1'] }]
    const turned = [{ values: ['work_mem=1'], role: null }]
    expect(compareDatabases({ ...before, settings }, { ...before, settings: turned })).toEqual([])
  })

  it.each<[string, Partial<DatabaseInventory>, string]>([
    ['a lost row', { tables: [{ name: 'public.t', rows: 2 }] }, 'table public.t has 2 rows instead of 3'],
    ['a lost table', { tables: [] }, 'table public.t is missing'],
    ['a lost object', { objects: [] }, 'table public.t is missing'],
    [
      'another owner and other grants of a table',
      { objects: [{ ...object, owner: 'app', acl: [] }] },
      'table public.t: the owner and the grants differ',
    ],
    [
      'another structure',
      { objects: [{ ...object, definition: 'b2' }] },
      'table public.t: the definition differs',
    ],
    [
      'something new',
      { objects: [object, { ...object, kind: 'view', name: 'public.v' }] },
      'view public.v was not there before',
    ],
    ['a lost extension', { extensions: [] }, 'extension plpgsql is missing'],
    ['other settings', { settings: [{ role: null, values: ['work_mem=1'] }] }, 'the settings differ'],
    ['lost large objects', { largeObjects: 4 }, 'the number of large objects differs'],
    [
      'a sequence that went back',
      { sequences: [{ name: 'public.t_id_seq', value: '2', ascending: true }] },
      'sequence public.t_id_seq stands at 2 instead of 3',
    ],
    [
      'a sequence that begins anew',
      { sequences: [{ name: 'public.t_id_seq', value: null, ascending: true }] },
      'sequence public.t_id_seq stands at null instead of 3',
    ],
  ])('tells of %s in a sentence', (_, change, sentence) => {
    expect(compareDatabases(before, { ...before, ...change })).toEqual([`shop: ${sentence}`])
  })

  it('lets a sequence move on, downwards where it counts down', () => {
    const at = (value: string, ascending: boolean) => ({
      ...before,
      sequences: [{ name: 's', value, ascending }],
    })
    expect(compareDatabases(at('3', true), at('10', true))).toEqual([])
    expect(compareDatabases(at('-3', false), at('-10', false))).toEqual([])
    expect(compareDatabases(at('-3', false), at('-2', false))).toHaveLength(1)
  })

  it('leaves out what it is told to', () => {
    const moved = { ...before, tablespace: 'fast' }
    expect(compareDatabases(before, moved)).toEqual(['shop: the tablespace differs'])
    expect(compareDatabases(before, moved, { but: ['tablespace'] })).toEqual([])
  })
})

describe('comparing servers', () => {
  const server: Inventory = {
    version: '17.2',
    preload: '',
    tablespaces: [],
    roles: [role('app'), role('postgres')],
    databases: [before],
  }

  it('finds nothing where nothing differs, the version of the server apart', () => {
    expect(compareInventories(server, { ...server, version: '17.3' })).toEqual([])
  })

  it('takes a membership for the same, whoever granted it', () => {
    const of = (grantor: string, admin = false): Inventory => {
      const membership = { role: 'readers', grantor, admin, inherit: true, set: true }
      return { ...server, roles: [role('app', { memberships: [membership] })] }
    }
    expect(compareInventories(of('boss'), of('postgres'))).toEqual([])
    const read = { set: true, inherit: true, admin: false, grantor: 'boss', role: 'readers' }
    const again = { ...server, roles: [role('app', { memberships: [read] })] }
    expect(compareInventories(of('boss'), again)).toEqual([])
    expect(compareInventories(of('boss'), of('boss', true))).toEqual(['role app: the memberships differ'])
  })

  it('tells of roles and databases that are missing, new or changed', () => {
    const after = {
      ...server,
      roles: [role('app', { login: false, connectionLimit: 3 }), role('new')],
      databases: [database('other')],
    }
    expect(compareInventories(server, after)).toEqual([
      'role app: the login and the connection limit differ',
      'role postgres is missing',
      'role new was not there before',
      'database shop is missing',
      'database other was not there before',
    ])
  })
})
