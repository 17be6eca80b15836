import * as z from 'zod'

/** The shapes of plans, and of the events of runs; the shipped JSON Schemas are generated from these. */
const version = z.literal(1)

export const errorDocument = z.strictObject({
  message: z.string(),
  details: z.array(z.string()),
  touched: z
    .boolean()
    .optional()
    .describe('Whether anything that stays was changed; left out where nobody can say'),
  hint: z.string().optional().describe('The next command to type, or those to choose from, one a line'),
})

export type ErrorDocument = z.infer<typeof errorDocument>

const run = z.string().describe('Run id')

const stepOf = <K extends z.ZodType<string>>(kind: K) =>
  z.strictObject({
    step: z.int().describe('From 1, in the order of the plan'),
    kind,
    database: z.string().optional().describe('Name on the server'),
    migration: z.string().optional().describe('File name'),
    image: z.string().optional(),
    network: z.string().optional(),
    volume: z.string().optional(),
    copy: z.string().optional().describe('Volume that keeps what is replaced'),
    environment: z.string().optional(),
    rehearse: z.enum(['schema', 'data']).optional().describe('What a rehearsal copies'),
    stack: z.string().optional().describe('Compose project'),
    roles: z.array(z.string()).optional(),
    directory: z.string().optional().describe('Of a backup'),
    databases: z.array(z.string()).optional().describe('Names on the server'),
    versions: z.array(z.string()).optional().describe('Of the migrations that are recorded as applied'),
    replaced: z.array(z.string()).optional().describe('What the present databases are called afterwards'),
  })

/** What a rehearsal with the data tells of a file. */
const rehearsalMeasures = z.strictObject({
  rows: z.int().optional().describe('Inserted, updated and deleted'),
  wal: z.int().optional().describe('Bytes of write-ahead log'),
  rewritten: z.array(z.string()).optional().describe('Tables that were there before and were written anew'),
  locks: z
    .array(z.strictObject({ relation: z.string(), modes: z.array(z.string()) }))
    .optional()
    .describe('Locks on what was there before'),
})

const planOf = <S extends z.ZodType>(step: S) =>
  z.strictObject({
    version,
    command: z.enum(['up', 'rollback', 'adopt', 'verify', 'start', 'backup', 'restore', 'cutover', 'undo']),
    environment: z.string().describe("Environment, or the host's name for start, cutover and undo"),
    steps: z.array(step),
    refusals: z
      .array(
        z.strictObject({
          kind: z.enum(['outOfOrder', 'missing', 'edited', 'warnings']),
          database: z.string().describe('Name on the server'),
          subject: z.string().describe("The version, or a warning's rule"),
          message: z.string(),
          flag: z.string().describe('What lifts it'),
        }),
      )
      .describe("What the environment's policy has against executing it"),
    notes: z
      .array(z.string())
      .optional()
      .describe('What lint found and does not stop it: other environments may refuse it, or a rollback'),
    aside: z
      .array(
        z.strictObject({
          database: z.string().describe('Name on the server'),
          name: z.string().describe('FLEET/NAME'),
          message: z.string(),
          details: z.array(z.string()),
          hint: z.string(),
        }),
      )
      .optional()
      .describe('Databases of a fleet that are left alone, and why; the others are not concerned'),
  })

const eventOf = <K extends z.ZodType<string>>(kind: K) => {
  const step = stepOf(kind)
  return z.discriminatedUnion('event', [
    z.strictObject({
      version,
      event: z.literal('run.started'),
      run,
      command: z.string(),
      environment: z.string(),
      plan: planOf(step).nullable().describe('null: it ended before there was a plan'),
      jobs: z
        .number()
        .int()
        .optional()
        .describe('How many databases run side by side, where it is more than one'),
    }),
    z.strictObject({ version, event: z.literal('step.started'), run, ...step.shape }),
    z.strictObject({
      version,
      event: z.literal('step.finished'),
      run,
      ...step.shape,
      status: z.enum(['done', 'failed', 'skipped']),
      ms: z.number(),
      error: errorDocument.optional(),
    }),
    z.strictObject({
      version,
      event: z.literal('migration.rehearsed'),
      run,
      database: z.string().describe('Name on the server'),
      migration: z.string().describe('File name'),
      status: z.enum(['done', 'failed', 'skipped']),
      ms: z.number().optional(),
      reason: z.string().optional().describe('Why it was skipped, or failed'),
      ...rehearsalMeasures.shape,
    }),
    z.strictObject({
      version,
      event: z.literal('run.finished'),
      run,
      status: z.enum(['done', 'failed', 'refused', 'interrupted']),
      exit: z.int().describe('Equals the exit code'),
      databases: z
        .array(
          z.strictObject({
            database: z.string().describe('Name on the server'),
            status: z.enum(['done', 'failed', 'stopped', 'untouched']),
            changed: z.array(z.string()).describe('Versions that were applied or rolled back'),
            unknown: z
              .array(z.string())
              .optional()
              .describe('Versions of which Postgres could not be asked any more'),
            waiting: z.int().describe('Steps that were not started'),
          }),
        )
        .describe('How the run left every database of its plan'),
      error: errorDocument.optional(),
    }),
  ])
}

export const planDocument = planOf(stepOf(z.string()))
export const eventDocument = eventOf(z.string())

/** With the kinds of step by name: the shapes as they ship. */
export const documentsWith = (kinds: readonly string[]) => {
  const kind = z.enum(kinds)
  return { planDocument: planOf(stepOf(kind)), eventDocument: eventOf(kind) }
}

export type RunEvent = z.infer<typeof eventDocument>
