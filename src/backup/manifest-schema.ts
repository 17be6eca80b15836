import * as z from 'zod'
import type { Manifest } from '../model/manifest.ts'

const strings = z.array(z.string())
const nullable = z.string().nullable()
const file = z.strictObject({
  // Of a directory that came from elsewhere, no file beyond it is read.
  file: z
    .string()
    .regex(/^(?!\.\.?$)[^/]+$/, 'a name without a slash')
    .describe("Name in the backup's directory"),
  bytes: z.int(),
  sha256: z.string().describe('Hex'),
})

const role = z.strictObject({
  name: z.string(),
  superuser: z.boolean(),
  inherit: z.boolean(),
  createRole: z.boolean(),
  createDatabase: z.boolean(),
  login: z.boolean(),
  replication: z.boolean(),
  bypassRls: z.boolean(),
  connectionLimit: z.int(),
  validUntil: nullable,
  comment: nullable,
  settings: strings,
  memberships: z.array(
    z.strictObject({
      role: z.string(),
      grantor: z.string(),
      admin: z.boolean(),
      inherit: z.boolean(),
      set: z.boolean(),
    }),
  ),
})

const inventory = z.strictObject({
  options: z.literal('sorted').exactOptional().describe("Order of relations' options in `definition`"),
  name: z.string(),
  owner: z.string(),
  encoding: z.string(),
  provider: z.string(),
  collate: z.string(),
  ctype: z.string(),
  locale: nullable,
  icuRules: nullable,
  tablespace: z.string(),
  connectionLimit: z.int(),
  allowConnections: z.boolean(),
  template: z.boolean(),
  comment: nullable,
  acl: strings,
  settings: z.array(z.strictObject({ role: nullable, values: strings })),
  size: z.number().describe('Bytes'),
  roles: strings,
  extensions: z.array(z.strictObject({ name: z.string(), version: z.string(), schema: z.string() })),
  objects: z.array(
    z.strictObject({
      kind: z.string(),
      name: z.string(),
      owner: z.string(),
      acl: strings,
      definition: z.string(),
    }),
  ),
  tables: z.array(z.strictObject({ name: z.string(), rows: z.number().describe('Exact') })),
  sequences: z.array(z.strictObject({ name: z.string(), value: nullable, ascending: z.boolean() })),
  largeObjects: z.int(),
})

/**
 * `manifest.json` of a backup. Its types are the model's own nouns: inferred from here, the model would import this room, and
 * say nothing of what a field is. The compiler holds the two together.
 */
export const manifestSchema: z.ZodType<Manifest> = z.strictObject({
  version: z.literal(1),
  run: z.string().describe('Run id'),
  project: z.string().exactOptional(),
  sequence: z.int().exactOptional().describe('Place among the runs of the project, which no clock decides'),
  volume: z.string().exactOptional(),
  systemIdentifier: z.string().exactOptional().describe("The server's, as it was"),
  environment: z.string(),
  takenAt: z.string().describe('ISO 8601: the moment of the snapshots'),
  provenAt: z.string().exactOptional().describe('ISO 8601: restored into a scratch server and compared'),
  unproven: z
    .array(z.strictObject({ database: z.string(), name: z.string(), why: z.string() }))
    .exactOptional()
    .describe('Materialized views that read from outside the backup'),
  tool: z.string(),
  server: z.strictObject({
    version: z.string(),
    image: z.string().describe("Id of the server's image"),
    preload: z.string(),
    user: z.string(),
  }),
  position: z.string().describe('pg_current_snapshot() before the first snapshot'),
  globals: file,
  rolePasswords: z.literal(false).exactOptional().describe('Absent: with them'),
  roles: z.array(role),
  tablespaces: z.array(
    z.strictObject({
      name: z.string(),
      owner: z.string(),
      location: z.string(),
      acl: strings,
      options: strings,
    }),
  ),
  databases: z.array(file.extend({ inventory })),
})
