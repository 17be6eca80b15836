import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { manifestSchema } from './backup/manifest.ts'
import { configSchema } from './config/schema.ts'
import { makeDirectories } from './make-directories.ts'
import {
  doctorDocument,
  historyDocument,
  lintDocument,
  lockDocument,
  newDocument,
  ruleDocument,
  statusDocument,
} from './report/documents.ts'
import { eventDocument, planDocument } from './report/run-documents.ts'

/** What ships in schemas/: the config as written, and everything that `--json` prints. */
export const schemas = {
  migrate: z.toJSONSchema(configSchema, { io: 'input' }),
  status: z.toJSONSchema(statusDocument),
  plan: z.toJSONSchema(planDocument),
  event: z.toJSONSchema(eventDocument),
  doctor: z.toJSONSchema(doctorDocument),
  new: z.toJSONSchema(newDocument),
  lock: z.toJSONSchema(lockDocument),
  history: z.toJSONSchema(historyDocument),
  lint: z.toJSONSchema(lintDocument),
  rule: z.toJSONSchema(ruleDocument),
  backup: z.toJSONSchema(manifestSchema),
}

/** Writes `schemas/NAME.schema.json`; a test compares them with what is committed. */
export const writeSchemas = (directory: string): void => {
  makeDirectories(directory)
  for (const [name, schema] of Object.entries(schemas))
    writeFileSync(`${directory}/${name}.schema.json`, `${JSON.stringify(schema, null, 2)}\n`)
}

if (import.meta.main) writeSchemas(fileURLToPath(new URL('../schemas', import.meta.url)))
