import * as z from 'zod'
import { fleetKeys, refuseMixed } from './fleet.ts'
import { text } from './values.ts'

export const database = z
  .strictObject({
    directory: text
      .optional()
      .describe('Where its files are, relative to this file; left out: its own name in the store')
      .meta({ examples: ['db/migrations'] }),
    database: z
      .string()
      .regex(/^[^\p{Cc}]+$/u, 'a name without control characters')
      .optional()
      .describe('Its name on the server, before the suffix; left out: its name here')
      .meta({ examples: ['shop_main'] }),
    suffix: z
      .boolean()
      .default(true)
      .describe("Whether the environment's suffix applies; false: one name in every environment"),
    migrations_table: z
      .string()
      .regex(/^[^\r\n.]+(\.[^\r\n.]+)?$/, 'TABLE or SCHEMA.TABLE: dbmate can name none with another dot')
      .default('schema_migrations')
      .describe("dbmate's table of versions, or schema.table"),
    search_path: text.optional().describe('search_path of the session; its first schema holds the table'),
    ...fleetKeys,
  })
  .superRefine(refuseMixed)
  .describe(
    'One database: a directory of migrations, and its name on the server; with `from:` a fleet of many databases',
  )
