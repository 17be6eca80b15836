import * as z from 'zod'
import { errorDocument } from './run-documents.ts'

const version = z.literal(1)

export const differenceDocument = z.strictObject({
  object: z.string().describe('In the words of SQL: `index sales.orders_by_day`'),
  kind: z.string().describe("pg_dump's word for what it is"),
  state: z
    .enum(['missing', 'unexpected', 'changed'])
    .describe('missing: the files make it; unexpected: no file makes it'),
  expected: z.string().nullable().describe('What the files make'),
  found: z.string().nullable().describe('What is there; passwords left out'),
})

const compared = z.strictObject({
  name: z.string().describe('Directory in the store; of one of a fleet FLEET/NAME'),
  database: z.string().describe('Name on the server'),
  exists: z.boolean(),
  applied: z.int().describe('Files that it was compared with'),
})

const outcome = z.strictObject({
  differences: z.array(differenceDocument),
  unread: z
    .string()
    .optional()
    .describe('Why the differences could not be read back: some may be the same, written another way'),
  sql: z.array(z.string()).optional().describe('With --sql: what would bring the database back'),
  error: errorDocument
    .optional()
    .describe('Why it could not be compared; of several, that of the first, in which its name stands'),
})

const group = outcome.extend({ databases: z.array(compared).describe('Which stand alike') })

export const driftDocument = z.strictObject({
  version,
  environment: z.string(),
  databases: z.array(compared.extend(outcome.shape)).describe('Those that are of no fleet'),
  fleets: z
    .array(z.strictObject({ fleet: z.string(), groups: z.array(group).describe('Largest first') }))
    .optional(),
})

export type DriftDocument = z.infer<typeof driftDocument>
export type DifferenceDocument = z.infer<typeof differenceDocument>
export type DriftedFleet = NonNullable<DriftDocument['fleets']>[number]
export type DriftedGroup = z.infer<typeof group>
/** One database, also of a fleet. */
export type DriftedDatabase = DriftDocument['databases'][number] & { fleet?: string }
