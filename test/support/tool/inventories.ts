import type { DatabaseInventory, RoleInventory } from '../../../src/model/inventory.ts'
import type { Manifest } from '../../../src/model/manifest.ts'

export const role = (name: string, change: Partial<RoleInventory> = {}): RoleInventory => ({
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
  ...change,
})

export const database = (name: string, change: Partial<DatabaseInventory> = {}): DatabaseInventory => ({
  name,
  owner: 'postgres',
  encoding: 'UTF8',
  provider: 'c',
  collate: 'en_US.utf8',
  ctype: 'en_US.utf8',
  locale: null,
  icuRules: null,
  tablespace: 'pg_default',
  connectionLimit: -1,
  allowConnections: true,
  template: false,
  comment: null,
  acl: ['=Tc/postgres', 'postgres=CTc/postgres'],
  settings: [],
  size: 7_000_000,
  roles: ['postgres'],
  extensions: [{ name: 'plpgsql', version: '1.0', schema: 'pg_catalog' }],
  objects: [
    { kind: 'table', name: 'public.t', owner: 'postgres', acl: ['postgres=r/postgres'], definition: 'a1' },
  ],
  tables: [{ name: 'public.t', rows: 3 }],
  sequences: [{ name: 'public.t_id_seq', value: '3', ascending: true }],
  largeObjects: 0,
  ...change,
})

export const manifest = (
  databases: readonly DatabaseInventory[],
  change: Partial<Manifest> = {},
): Manifest => ({
  version: 1,
  run: '20260101T000000-abcdef',
  environment: 'qual',
  takenAt: '2026-01-01T00:00:00.000Z',
  provenAt: '2026-01-01T00:01:00.000Z',
  tool: '0.1.0',
  server: { version: '17.2 (Debian)', image: 'sha256:0', preload: '', user: 'postgres' },
  position: '742:742:',
  globals: { file: 'globals.sql', bytes: 1, sha256: '00' },
  roles: [role('postgres', { superuser: true })],
  tablespaces: [],
  databases: databases.map((inventory) => ({
    file: `${inventory.name}.dump`,
    bytes: 10,
    sha256: '11',
    inventory,
  })),
  ...change,
})
