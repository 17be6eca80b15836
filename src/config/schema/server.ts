import * as z from 'zod'
import { password } from './password.ts'
import { text, whole } from './values.ts'

const variable = /^[A-Za-z_][A-Za-z0-9_]*$/

const tls = z
  .strictObject({
    mode: z
      .enum(['disable', 'require', 'verify-ca', 'verify-full'])
      .describe('How the server has to show itself; nothing less is ever taken'),
    ca: text.optional().describe('File with the certificates to trust; left out: those that Node trusts'),
    cert: text.optional().describe('File with the certificate of the Postgres user'),
    key: text.optional().describe('File with its key, not encrypted'),
  })
  .superRefine(({ mode, ca, cert, key }, context) => {
    if (mode === 'disable' && (ca || cert || key))
      context.addIssue({ code: 'custom', path: ['mode'], message: 'disable takes no certificates' })
    if ((cert === undefined) !== (key === undefined))
      context.addIssue({
        code: 'custom',
        path: [cert ? 'key' : 'cert'],
        message: 'cert and key belong together',
      })
  })
  .describe('Encryption; left out: disable on loopback, else require')

/** `server:` of an environment. */
export const server = z
  .strictObject({
    url_env: z
      .string()
      .regex(variable, 'the name of a variable')
      .optional()
      .describe('Variable with its URL, from the shell or `env_file`')
      .meta({ examples: ['DATABASE_URL'] }),
    env_file: text
      .optional()
      .describe(
        'Where `url_env` stands when the shell has none; left out: `.env` beside this file or above it',
      ),
    host: text
      .optional()
      .describe('Name or address')
      .meta({ examples: ['db.example.org'] }),
    port: whole(1, 65535).optional().describe('Port on which it listens; left out: 5432'),
    user: text.optional().describe('The Postgres user that migrates; left out: that of the environment'),
    password: password.optional(),
    tls: tls.optional(),
    image: text
      .optional()
      .describe('Image with pg_dump and the extensions of its major, for backups; left out: postgres:MAJOR')
      .meta({ examples: ['pgvector/pgvector:pg17'] }),
  })
  .superRefine(({ url_env, env_file, host, port: given, user }, context) => {
    const refuse = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message })
    if (!url_env && !host)
      refuse('host', 'is needed, or url_env with the name of a variable: write host: HOST')
    if (url_env && (host || given || user))
      refuse('url_env', 'has host, port and user in its URL: leave them out')
    if (env_file && !url_env) refuse('env_file', 'is where url_env stands: write url_env: NAME')
  })
  .describe('Postgres that is no container here: a published port, another machine, a managed one')
