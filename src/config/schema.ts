import * as z from 'zod'
import { mostConnections } from '../model/few-sessions.ts'
import { nearest } from '../model/nearest.ts'
import { reservedNames } from '../model/state.ts'
import { database } from './schema/database.ts'
import { composeDefault, environment } from './schema/environment.ts'
import { host, localHost } from './schema/host.ts'
import { lint } from './schema/lint.ts'
import { name, text, whole } from './schema/values.ts'

/** dbmate 2.36.0 is what the tool is tested with: ADR 0005. */
const dbmateImage = 'amacneil/dbmate:2.36.0'

type Fleets = { databases?: Readonly<Record<string, z.output<typeof database>>> | undefined }

const refuseNestedFleets = ({ databases = {} }: Fleets, context: z.RefinementCtx): void => {
  for (const [key, { from }] of Object.entries(databases))
    if (from?.database !== undefined && databases[from.database]?.from)
      context.addIssue({
        code: 'custom',
        path: ['databases', key, 'from', 'database'],
        message: `${from.database} is a fleet itself; name one database`,
      })
}

const suggestHost = (host: string, known: readonly string[]): string => {
  const close = nearest(host, known)
  const names = `known: ${known.join(', ') || 'none'}`
  return close ? `${names}; write host: ${close}` : `${names}; leave host: out where it is this machine`
}

type Places = {
  hosts: Readonly<Record<string, z.output<typeof host>>>
  environments: Readonly<Record<string, z.output<typeof environment>>>
}

/** Hosts that nobody described, and those of which nothing here can tell the network. */
const refuseUnknownHosts = ({ hosts, environments }: Places, context: z.RefinementCtx): void => {
  const known = Object.keys(hosts)
  const refuse = (path: string[], message: string): void =>
    context.addIssue({ code: 'custom', path: ['environments', ...path], message })
  for (const [key, { host = localHost, network, engine, server }] of Object.entries(environments)) {
    if (engine === 'embedded') continue
    const { ssh, stack } = hosts[host] ?? {}
    const isDefault = (network ?? composeDefault) === composeDefault
    if (host !== localHost && !hosts[host])
      refuse([key, 'host'], `unknown host "${host}"; ${suggestHost(host, known)}`)
    else if (engine !== 'swarm' && ssh && isDefault && !stack && !server)
      refuse(
        [key, 'network'],
        `is needed on a host that is reached by ssh: "${composeDefault}" is derived from a compose project here; write e.g. network: shop_default`,
      )
  }
}

/** migrate.yaml, as written: the one schema behind the loader, the editors' JSON Schema and the docs. */
export const configSchema = z
  .strictObject({
    project: name
      .refine((value) => !reservedNames.has(value), 'is the name of a directory that older releases use')
      .optional()
      .describe(
        'Name of this project, by which its journals, backups and data are told from those of others on the same host; needed where `state:` is set or the host has `ssh:`',
      ),
    state: z
      .string()
      .optional()
      .describe(
        'Directory for locks, journals and data; default /var/lib/po-migrate, on a laptop the XDG state directory',
      ),
    migrations: text.default('migrations').describe('The migration store: one directory a database'),
    dbmate: z
      .strictObject({
        image: text.default(dbmateImage).describe('Image with a tag'),
        digest: z
          .string()
          .regex(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 hex digits')
          .optional()
          .describe('Pins the exact image'),
        binary: text
          .optional()
          .describe(
            "dbmate's program for `engine: native`, relative to this file, of the version that the image's tag says; left out: `dbmate` of the PATH",
          )
          .meta({ examples: ['node_modules/@dbmate/linux-x64/bin/dbmate'] }),
      })
      .prefault({}),
    compose: z
      .strictObject({
        pass_env: z
          .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*\*?$/, 'a variable name, or a prefix and "*"'))
          .default([])
          .describe('Variables of the shell that compose files may interpolate; nothing else is passed on'),
      })
      .default({ pass_env: [] }),
    lint,
    retain: z
      .strictObject({
        backups: whole(1, 10_000)
          .default(7)
          .describe(
            'Newest backups of an environment that are kept; older ones go after the next good one, but for the last of a database',
          ),
        replaced: whole(0, 10_000)
          .default(1)
          .describe('Databases that a restore replaced, kept as NAME_before_RUN, of each name'),
      })
      .default({ backups: 7, replaced: 1 })
      .describe('What is kept of backups and restores'),
    after_backup: z
      .union([text, z.array(text).min(1)])
      .optional()
      .describe(
        "What `backup` runs when a backup is kept, with its directory as the last argument: a line for sh, or a command's words; where this file stands",
      ),
    connections: whole(4, mostConnections)
      .default(8)
      .describe(
        'Sessions that a run has open on a server at once: those that read, that of its lock, and that of dbmate',
      ),
    hosts: z.record(name, host).default({}),
    environments: z
      .record(name, environment)
      .meta({ examples: [{ dev: { password: { env_file: '.env' } } }] }),
    databases: z
      .record(
        name,
        database.nullable().transform((value) => value ?? database.parse({})),
      )
      .optional()
      .describe('The managed databases; left out, every directory of the store is one'),
  })
  .superRefine(refuseNestedFleets)
  .superRefine(refuseUnknownHosts)

export type ConfigFile = z.output<typeof configSchema>
