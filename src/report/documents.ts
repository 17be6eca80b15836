import * as z from 'zod'
import { ledgerOutcomes } from '../model/ledger.ts'
import { errorDocument } from './run-documents.ts'

/** The shapes of what verbs that read print with `--json`; the shipped JSON Schemas are generated from these. */
const version = z.literal(1)
const state = z.enum(['applied', 'pending', 'out-of-order', 'missing-file', 'edited'])

export const statusDocument = z.strictObject({
  version,
  environments: z.array(
    z.strictObject({
      environment: z.string(),
      host: z.string(),
      network: z.string(),
      server: z.string().optional().describe('Where Postgres is, when it is no container there'),
      error: errorDocument.optional().describe('Why this environment could not be read'),
      databases: z.array(
        z.strictObject({
          name: z.string().describe('Directory in the store; of one of a fleet FLEET/NAME'),
          fleet: z.string().optional().describe('The fleet that it is one of'),
          database: z.string().describe('Name on the server'),
          exists: z.boolean(),
          error: errorDocument.optional().describe('Why this database can be neither read nor migrated'),
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
      status: z.enum(['ok', 'warning', 'failed', 'fixed', 'skipped']),
      finding: z.string(),
      remedy: z.string().optional().describe('The next command to type, or one a line'),
    }),
  ),
})

export const newDocument = z.strictObject({
  version,
  database: z.string(),
  file: z.string().describe('Path'),
})

const holder = z.strictObject({
  run: z.string(),
  verb: z.string().optional(),
  target: z.string().optional().describe('The environment or the host of the config that it is about'),
  project: z.string().optional(),
  volume: z.string().optional(),
  systemIdentifier: z.string().optional(),
  user: z.string(),
  host: z.string(),
  pid: z.int(),
  job: z.string().optional().describe("The CI job's page"),
  command: z.string(),
  since: z.string().describe('ISO 8601'),
})

export const lockDocument = z.strictObject({
  version,
  environment: z.string(),
  databases: z.array(
    z.strictObject({ database: z.string(), locked: z.boolean(), holder: holder.optional() }),
  ),
  left: z
    .strictObject({
      containers: z.array(z.strictObject({ name: z.string(), run: z.string(), running: z.boolean() })),
      backends: z.array(
        z.strictObject({ pid: z.int(), run: z.string(), database: z.string(), query: z.string() }),
      ),
    })
    .describe('What runs that died left'),
})

/** What a run of a backup or a restore leaves in the state directory. */
export const runRecordDocument = z.strictObject({
  version,
  run: z.string().describe('Run id'),
  project: z.string().optional(),
  sequence: z.int().optional().describe('Place among the runs of the project, which no clock decides'),
  command: z.enum(['backup', 'restore', 'cutover', 'undo']),
  environment: z.string(),
  actor: z.string(),
  job: z.string().nullable(),
  tool: z.string(),
  startedAt: z.string().describe('ISO 8601'),
  duration: z.number().nullable().describe('Milliseconds; null while it runs, or when it died'),
  outcome: z.enum(['running', 'done', 'failed', 'refused', 'interrupted']),
  databases: z.array(z.string()),
  directory: z
    .string()
    .nullable()
    .describe('The backup that was kept, or restored; null: none, or no longer there'),
  error: z.string().nullable(),
})

export const historyDocument = z.strictObject({
  version,
  environment: z.string(),
  entries: z.array(
    z.strictObject({
      database: z.string(),
      id: z.string(),
      run: z.string(),
      version: z.string().describe('Version of the migration'),
      file: z.string(),
      sha256: z.string(),
      commit: z.string().nullable(),
      dirty: z.boolean().nullable(),
      actor: z.string(),
      job: z.string().nullable(),
      tool: z.string(),
      dbmate: z.string(),
      image: z.string(),
      startedAt: z.string().describe('ISO 8601'),
      duration: z.number().nullable().describe('Milliseconds'),
      direction: z.enum(['up', 'down']).describe('Applied, or rolled back'),
      outcome: z
        .enum(ledgerOutcomes)
        .describe(
          'accepted: an edit of an applied file; adopted: a file that was found applied; adopted unproven: one that was applied before there was a ledger; nothing ran',
        ),
      error: z.string().nullable(),
    }),
  ),
  error: errorDocument.optional().describe('Why the ledgers could not be read'),
  runs: z.array(runRecordDocument).describe("Of this host's state directory: backups, restores, cutovers"),
})

const level = z.enum(['error', 'warning'])

export const lintDocument = z.strictObject({
  version,
  files: z.int().describe('Migration files that were read'),
  errors: z.int(),
  warnings: z.int(),
  problems: z.array(
    z.strictObject({
      rule: z.string().describe('What `lint --explain` explains'),
      level,
      database: z.string().nullable().describe('Directory in the store; null: outside the store'),
      file: z.string().describe('Path, relative to the working directory where it is below it'),
      line: z.int().optional().describe('From 1'),
      column: z.int().optional().describe('From 1, in characters'),
      message: z.string(),
    }),
  ),
})

export const ruleDocument = z.strictObject({
  version,
  rule: z.string(),
  level,
  ignorable: z.boolean().describe('Whether `-- po-migrate:ignore` can lift it'),
  why: z.string(),
  fix: z.string(),
  bad: z.string().describe('A migration that it finds, the lines marked with ✗'),
  good: z.string(),
})

export type LintDocument = z.infer<typeof lintDocument>
export type RuleDocument = z.infer<typeof ruleDocument>
export type LockDocument = z.infer<typeof lockDocument>
export type RunRecord = z.infer<typeof runRecordDocument>
export type HistoryDocument = z.infer<typeof historyDocument>
export type StatusDocument = z.infer<typeof statusDocument>
export type DoctorDocument = z.infer<typeof doctorDocument>
