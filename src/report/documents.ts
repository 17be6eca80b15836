import * as z from 'zod'

/** The shapes of everything `--json` prints; the shipped JSON Schemas are generated from these. */
const version = z.literal(1)
const state = z.enum(['applied', 'pending', 'out-of-order', 'missing-file', 'edited'])

export const errorDocument = z.strictObject({
  message: z.string(),
  details: z.array(z.string()),
  hint: z.string().optional().describe('The next command to type'),
})

export const stepDocument = z.strictObject({
  step: z.int().describe('From 1, in the order of the plan'),
  kind: z.enum([
    'create-network',
    'create-volume',
    'start-stack',
    'pull-image',
    'create-database',
    'apply-migration',
  ]),
  database: z.string().optional().describe('Name on the server'),
  migration: z.string().optional().describe('File name'),
  image: z.string().optional(),
  network: z.string().optional(),
  volume: z.string().optional(),
  stack: z.string().optional().describe('Compose project'),
})

export const planDocument = z.strictObject({
  version,
  command: z.enum(['up', 'start']),
  environment: z.string().describe("Environment, or the host's name for start"),
  steps: z.array(stepDocument),
})

export const statusDocument = z.strictObject({
  version,
  environments: z.array(
    z.strictObject({
      environment: z.string(),
      host: z.string(),
      network: z.string(),
      error: errorDocument.optional().describe('Why this environment could not be read'),
      databases: z.array(
        z.strictObject({
          name: z.string().describe('Directory in the store'),
          database: z.string().describe('Name on the server'),
          exists: z.boolean(),
          applied: z.int(),
          pending: z.int().describe('Pending and out-of-order'),
          migrations: z.array(z.strictObject({ version: z.string(), file: z.string().nullable(), state })),
        }),
      ),
    }),
  ),
})

export const doctorDocument = z.strictObject({
  version,
  checks: z.array(
    z.strictObject({
      environment: z.string().nullable().describe('null: about this machine'),
      title: z.string(),
      status: z.enum(['ok', 'failed', 'fixed', 'skipped']),
      finding: z.string(),
      remedy: z.string().optional().describe('The next command to type'),
    }),
  ),
})

export const newDocument = z.strictObject({
  version,
  database: z.string(),
  file: z.string().describe('Path'),
})

const run = z.string().describe('Run id')

export const eventDocument = z.discriminatedUnion('event', [
  z.strictObject({
    version,
    event: z.literal('run.started'),
    run,
    command: z.string(),
    environment: z.string(),
    plan: planDocument.nullable().describe('null: it ended before there was a plan'),
  }),
  z.strictObject({ version, event: z.literal('step.started'), run, ...stepDocument.shape }),
  z.strictObject({
    version,
    event: z.literal('step.finished'),
    run,
    ...stepDocument.shape,
    status: z.enum(['done', 'failed', 'skipped']),
    ms: z.number(),
    error: errorDocument.optional(),
  }),
  z.strictObject({
    version,
    event: z.literal('run.finished'),
    run,
    status: z.enum(['done', 'failed', 'refused', 'interrupted']),
    exit: z.int().describe('Equals the exit code'),
    error: errorDocument.optional(),
  }),
])

export type RunEvent = z.infer<typeof eventDocument>
export type StatusDocument = z.infer<typeof statusDocument>
export type DoctorDocument = z.infer<typeof doctorDocument>
