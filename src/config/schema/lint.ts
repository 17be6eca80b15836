import * as z from 'zod'
import { name, text } from './values.ts'

const strayGlobs = ['**/migrations/**/*.sql']

/** YAML reads `00012` as a number. */
const version = z.union([z.string().regex(/^\d+$/, 'a version: digits'), z.int().min(0)])

export const lint = z
  .strictObject({
    stray: z
      .array(text)
      .default(strayGlobs)
      .describe('Globs below the repository; what they find outside the store is a stray migration'),
    since: z
      .union([version, z.record(name, version)])
      .optional()
      .describe(
        'Version, or one for each database, from which on files are new: those before it are history, whose tables are in use and have rows; left out, all files are taken for one run on an empty database',
      ),
  })
  .default({ stray: strayGlobs })
  .describe('What `po-migrate lint` looks for beside the migration files')
