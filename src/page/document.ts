import * as z from 'zod'
import { historyDocument, statusDocument } from '../report/documents.ts'
import { driftDocument } from '../report/drift-documents.ts'

const table = z.strictObject({
  schema: z.string(),
  name: z.string(),
  comment: z.string().nullable(),
  columns: z.array(
    z.strictObject({ name: z.string(), type: z.string(), nullable: z.boolean(), key: z.boolean() }),
  ),
  references: z
    .array(
      z.strictObject({
        name: z.string(),
        columns: z.array(z.string()),
        schema: z.string().describe('Of the table that it points to'),
        table: z.string(),
      }),
    )
    .describe('Foreign keys'),
})

const drift = driftDocument.shape.databases.element.pick({
  ...{ applied: true, differences: true, unread: true, error: true },
})
const environment = statusDocument.shape.environments.element
const database = environment.shape.databases.element.extend({
  ledger: z.array(historyDocument.shape.entries.element.omit({ database: true })).describe('Oldest first'),
  tables: z.array(table),
  drift: drift.optional().describe('With --drift: how it differs from what its applied files make'),
})

/** What the page is made of, and what `report --json` prints. */
export const reportDocument = z.strictObject({
  version: z.literal(1),
  project: z.string().nullable().describe('As in the config'),
  at: z.string().describe('When it was read; ISO 8601'),
  environments: z.array(environment.extend({ databases: z.array(database) })),
})

export type ReportDocument = z.infer<typeof reportDocument>
export type PageEnvironment = ReportDocument['environments'][number]
export type PageDatabase = PageEnvironment['databases'][number]
export type PageDrift = NonNullable<PageDatabase['drift']>
export type PageTable = PageDatabase['tables'][number]
export type LedgerLine = PageDatabase['ledger'][number]
