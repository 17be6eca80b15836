import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { manifestSchema } from './backup/manifest-schema.ts'
import { backupKinds } from './backup/steps/backup-kinds.ts'
import { restoreKinds } from './backup/steps/restore-kinds.ts'
import { configSchema } from './config/schema.ts'
import { cutoverKinds } from './cutover/steps/cutover-kinds.ts'
import { makeDirectories } from './make-directories.ts'
import { reportDocument } from './page/document.ts'
import { upKinds } from './rehearsal/steps/up-kinds.ts'
import {
  doctorDocument,
  historyDocument,
  lintDocument,
  lockDocument,
  newDocument,
  ruleDocument,
  statusDocument,
} from './report/documents.ts'
import { driftDocument } from './report/drift-documents.ts'
import { documentsWith } from './report/run-documents.ts'
import { startKinds } from './run/steps/start-kinds.ts'
import { adoptKinds } from './schema/steps/adopt-kinds.ts'
import { verifyKinds } from './schema/steps/verify-kinds.ts'

const kinds = {
  ...startKinds,
  ...upKinds,
  ...cutoverKinds,
  ...backupKinds,
  ...restoreKinds,
  ...adoptKinds,
  ...verifyKinds,
}
const { planDocument, eventDocument } = documentsWith(Object.keys(kinds))

/** What ships in schemas/: the config as written, and everything that `--json` prints. */
export const schemas = {
  migrate: z.toJSONSchema(configSchema, { io: 'input' }),
  status: z.toJSONSchema(statusDocument),
  report: z.toJSONSchema(reportDocument),
  plan: z.toJSONSchema(planDocument),
  event: z.toJSONSchema(eventDocument),
  doctor: z.toJSONSchema(doctorDocument),
  new: z.toJSONSchema(newDocument),
  lock: z.toJSONSchema(lockDocument),
  history: z.toJSONSchema(historyDocument),
  lint: z.toJSONSchema(lintDocument),
  rule: z.toJSONSchema(ruleDocument),
  drift: z.toJSONSchema(driftDocument),
  backup: z.toJSONSchema(manifestSchema),
}

/** Writes `schemas/NAME.schema.json`; a test compares them with what is committed. */
export const writeSchemas = (directory: string): void => {
  makeDirectories(directory)
  for (const [name, schema] of Object.entries(schemas))
    writeFileSync(`${directory}/${name}.schema.json`, `${JSON.stringify(schema, null, 2)}\n`)
}

if (import.meta.main) writeSchemas(fileURLToPath(new URL('../schemas', import.meta.url)))
