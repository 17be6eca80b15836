import * as z from 'zod'
import { name, text } from './values.ts'

const envFile = z.union([
  text,
  z.strictObject({
    path: text,
    required: z.boolean().default(true),
    format: z
      .enum(['raw', 'value'])
      .optional()
      .describe(
        'raw: as docker run takes it, nothing quoted, nothing replaced; value: the whole file is the value, as of a secret that is mounted, without a newline at its end',
      ),
  }),
])

export const password = z
  .strictObject({
    env_file: z
      .union([envFile, z.array(envFile).min(1)])
      .describe("The env file(s) of the Postgres container, in compose's own syntax; read by compose's rules")
      .meta({ examples: ['.env'] }),
    key: name
      .default('POSTGRES_PASSWORD')
      .describe('The variable that holds the password, or a postgres:// URL with it'),
  })
  .describe('Where the password of the Postgres user comes from')
  .meta({ examples: [{ env_file: '.env' }] })
