import { describe, expect, it } from 'vitest'
import { buildKey, isOwnSchema, type Making } from '../../../src/schema/plan/build-key.ts'

const like = (owner: string, more: object = {}): NonNullable<Making['like']> => ({
  ...{ name: owner, owner, encoding: 'UTF8', provider: 'c', collate: 'C', ctype: 'C' },
  ...{ locale: null, icuRules: null, tablespace: 'pg_default', connectionLimit: -1 },
  ...{ allowConnections: true, template: false, comment: null },
  acl: [`${owner}=CTc/${owner}`, `=Tc/${owner}`, `app=c/${owner}`],
  settings: [{ role: owner, values: ['work_mem=4MB'] }],
  ...more,
})
const making = (database: string, owner: string, more: Partial<Making> = {}): Making => ({
  managed: {
    name: `tenants/${database}`,
    database,
    directory: '/store/tenant',
    migrationsTable: 'schema_migrations',
  },
  files: [{ version: '00001' }],
  like: like(owner),
  ...more,
})
const key = (one: Making): string => buildKey(one, 'postgres')

describe('what two databases have to have in common to be made alike', () => {
  it('is neither their name, nor an owner of their own with the grants that he has', () => {
    expect(key(making('a', 'a_owner'))).toBe(key(making('b', 'b_owner')))
    expect(key(making('a', 'o"x', { like: like('o"x', { acl: ['"o""x"=C/"o""x"'] }) }))).toBe(
      key(making('b', 'y', { like: like('y', { acl: ['y=C/y'] }) })),
    )
    expect(key(making('a', 'a', { like: like('a', { comment: 'x', connectionLimit: 3 }) }))).toBe(
      key(making('b', 'b')),
    )
  })

  it.each([
    ['files', making('b', 'b', { files: [{ version: '00001' }, { version: '00002' }] })],
    ['an owner who is the one that migrates', making('b', 'postgres')],
    ['a locale', making('b', 'b', { like: like('b', { collate: 'de_DE' }) })],
    [
      'a setting',
      making('b', 'b', { like: like('b', { settings: [{ role: null, values: ['work_mem=1MB'] }] }) }),
    ],
    ['a grant', making('b', 'b', { like: like('b', { acl: ['other=c/b'] }) })],
    ['grants that cannot be read', making('b', 'b', { like: like('b', { acl: ['"a=b"=c/b'] }) })],
  ])('is %s', (_, other) => {
    expect(key(making('a', 'a'))).not.toBe(key(other))
  })
})

describe('a schema in which the name of its database stands', () => {
  it.each([
    ["COMMENT ON TABLE public.t IS 'of tenant_1';", true],
    ['CREATE TABLE tenant_1.t ();', true],
    ['GRANT SELECT ON TABLE public.t TO "its$owner";', true],
    ['CREATE TABLE public.tenant_12 ();', false],
    ['CREATE TABLE public.other_tenant_1 ();', false],
  ])('is its own: %s %s', (text, own) => {
    expect(isOwnSchema(text, making('tenant_1', 'its$owner'), 'postgres')).toBe(own)
  })

  it('is not its own by the name of whoever migrates everywhere', () => {
    const text = '-- Name: t; Type: TABLE; Schema: public; Owner: postgres'
    expect(isOwnSchema(text, making('tenant_1', 'postgres'), 'postgres')).toBe(false)
  })
})
