import * as z from 'zod'
import { text, whole } from './values.ts'

/** What a fleet gets that says nothing of it. */
export const usualRollout = { canary: 1, wave: 50, max_failures: 1 }

/** What makes a database of the config a fleet: many databases of one directory. */
export const fleetKeys = {
  from: z
    .strictObject({
      query: text
        .optional()
        .describe('SQL that answers one column of names, in the order in which they get their files')
        .meta({ examples: ["select 'tenant_' || slug from tenants where active order by id"] }),
      database: text
        .optional()
        .describe(
          'Of a query: where it is asked, a managed database or a name on the server; left out: `maintenance:`',
        ),
      pattern: text
        .optional()
        .describe('Names on the server, before the suffix: "*" stands for anything, "?" for one character')
        .meta({ examples: ['tenant_*'] }),
      list: z
        .array(text)
        .min(1)
        .optional()
        .describe('The names themselves')
        .meta({ examples: [['tenant_a']] }),
    })
    .superRefine(({ query, database, pattern, list }, context) => {
      const given = [query, pattern, list].filter((one) => one !== undefined)
      const refuse = (message: string, path: string[] = []): void =>
        context.addIssue({ code: 'custom', path, message })
      if (given.length !== 1)
        refuse(
          `needs exactly one of query, pattern and list, and has ${given.length === 0 ? 'none' : given.length}; write e.g. from: { pattern: 'tenant_*' }`,
        )
      else if (database !== undefined && query === undefined)
        refuse('says where a query is asked, and there is none; leave it out', ['database'])
    })
    .optional()
    .describe('Makes it a fleet: where the names of its databases come from'),
  create: z
    .boolean()
    .optional()
    .describe(
      'Of a fleet: whether a database that is not on the server is created; left out: false, it is told',
    ),
  rollout: z
    .strictObject({
      canary: whole(0, 10_000)
        .default(usualRollout.canary)
        .describe('Databases that go first; when one fails, nothing else starts; left out: 1'),
      wave: whole(1, 500)
        .default(usualRollout.wave)
        .describe('Databases that are locked together, wave after wave; left out: 50'),
      max_failures: whole(1, 10_000)
        .default(usualRollout.max_failures)
        .describe('So many that failed, and nothing new starts; left out: 1'),
    })
    .optional()
    .describe('Of a fleet: in which portions it gets its files'),
}

type Entry = { from?: unknown; database?: unknown; create?: unknown; rollout?: unknown }

/** Keys that say nothing without, or beside, `from:`. */
export const refuseMixed = ({ from, database, create, rollout }: Entry, context: z.RefinementCtx): void => {
  const refuse = (key: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [key], message })
  if (from !== undefined && database !== undefined)
    refuse('database', 'is the name of one database, and from: names many; leave one of them out')
  if (from !== undefined) return
  for (const [key, value] of Object.entries({ create, rollout }))
    if (value !== undefined)
      refuse(key, "is for a fleet; write from: too, e.g. from: { pattern: 'tenant_*' }, or leave it out")
}
