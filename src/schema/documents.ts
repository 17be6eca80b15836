import * as z from 'zod'
import { errorDocument } from '../report/run-documents.ts'

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

export const driftDocument = z.strictObject({
  version,
  environment: z.string(),
  databases: z.array(
    z.strictObject({
      name: z.string().describe('Directory in the store'),
      database: z.string().describe('Name on the server'),
      exists: z.boolean(),
      applied: z.int().describe('Files that it was compared with'),
      differences: z.array(differenceDocument),
      unread: z
        .string()
        .optional()
        .describe('Why the differences could not be read back: some may be the same, written another way'),
      sql: z.array(z.string()).optional().describe('With --sql: what would bring the database back'),
      error: errorDocument.optional().describe('Why this database could not be compared'),
    }),
  ),
})

export type DriftDocument = z.infer<typeof driftDocument>
export type DifferenceDocument = z.infer<typeof differenceDocument>
