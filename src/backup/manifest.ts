import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { AppError, exitCodes, interruptionCode } from '../errors.ts'
import type { BackupFile, Manifest } from '../model/manifest.ts'
import { quote } from '../model/quote.ts'

const strings = z.array(z.string())
const nullable = z.string().nullable()
const file = z.strictObject({
  // Of a directory that came from elsewhere, no file beyond it is read.
  file: z
    .string()
    .regex(/^(?!\.\.?$)[^/]+$/, 'a name without a slash')
    .describe("Name in the backup's directory"),
  bytes: z.int(),
  sha256: z.string().describe('Hex'),
})

const role = z.strictObject({
  name: z.string(),
  superuser: z.boolean(),
  inherit: z.boolean(),
  createRole: z.boolean(),
  createDatabase: z.boolean(),
  login: z.boolean(),
  replication: z.boolean(),
  bypassRls: z.boolean(),
  connectionLimit: z.int(),
  validUntil: nullable,
  comment: nullable,
  settings: strings,
  memberships: z.array(
    z.strictObject({
      role: z.string(),
      grantor: z.string(),
      admin: z.boolean(),
      inherit: z.boolean(),
      set: z.boolean(),
    }),
  ),
})

const inventory = z.strictObject({
  options: z.literal('sorted').exactOptional().describe("Order of relations' options in `definition`"),
  name: z.string(),
  owner: z.string(),
  encoding: z.string(),
  provider: z.string(),
  collate: z.string(),
  ctype: z.string(),
  locale: nullable,
  icuRules: nullable,
  tablespace: z.string(),
  connectionLimit: z.int(),
  allowConnections: z.boolean(),
  template: z.boolean(),
  comment: nullable,
  acl: strings,
  settings: z.array(z.strictObject({ role: nullable, values: strings })),
  size: z.number().describe('Bytes'),
  roles: strings,
  extensions: z.array(z.strictObject({ name: z.string(), version: z.string(), schema: z.string() })),
  objects: z.array(
    z.strictObject({
      kind: z.string(),
      name: z.string(),
      owner: z.string(),
      acl: strings,
      definition: z.string(),
    }),
  ),
  tables: z.array(z.strictObject({ name: z.string(), rows: z.number().describe('Exact') })),
  sequences: z.array(z.strictObject({ name: z.string(), value: nullable, ascending: z.boolean() })),
  largeObjects: z.int(),
})

/**
 * `manifest.json` of a backup. Its types are the model's own nouns: inferred from here, the model would import this room, and
 * say nothing of what a field is. The compiler holds the two together.
 */
export const manifestSchema: z.ZodType<Manifest> = z.strictObject({
  version: z.literal(1),
  run: z.string().describe('Run id'),
  project: z.string().exactOptional(),
  sequence: z.int().exactOptional().describe('Place among the runs of the project, which no clock decides'),
  volume: z.string().exactOptional(),
  systemIdentifier: z.string().exactOptional().describe("The server's, as it was"),
  environment: z.string(),
  takenAt: z.string().describe('ISO 8601: the moment of the snapshots'),
  provenAt: z.string().exactOptional().describe('ISO 8601: restored into a scratch server and compared'),
  unproven: z
    .array(z.strictObject({ database: z.string(), name: z.string(), why: z.string() }))
    .exactOptional()
    .describe('Materialized views that read from outside the backup'),
  tool: z.string(),
  server: z.strictObject({
    version: z.string(),
    image: z.string().describe("Id of the server's image"),
    preload: z.string(),
    user: z.string(),
  }),
  position: z.string().describe('pg_current_snapshot() before the first snapshot'),
  globals: file,
  rolePasswords: z.literal(false).exactOptional().describe('Absent: with them'),
  roles: z.array(role),
  tablespaces: z.array(
    z.strictObject({
      name: z.string(),
      owner: z.string(),
      location: z.string(),
      acl: strings,
      options: strings,
    }),
  ),
  databases: z.array(file.extend({ inventory })),
})

const manifestFile = 'manifest.json'

/** Written last, and on the disk before it returns. */
export const writeManifest = async (directory: string, manifest: Manifest): Promise<void> => {
  const path = join(directory, manifestFile)
  try {
    const handle = await open(path, 'wx', 0o640)
    try {
      await handle.chmod(0o640)
      await handle.writeFile(`${JSON.stringify(manifest, null, 2)}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (cause) {
    throw new AppError(`${path} cannot be written: ${(cause as Error).message}.`, {
      exitCode: exitCodes.failed,
      cause,
    })
  }
}

/** Whether a backup is still there. */
export const hasManifest = (directory: string): boolean => existsSync(join(directory, manifestFile))

type NotABackup = { why: string; hint: string; cause?: unknown }

const notABackup = (directory: string, { why, hint, cause }: NotABackup): AppError =>
  new AppError(`${directory} is not a backup: ${why}.`, {
    exitCode: exitCodes.usage,
    hint,
    cause,
  })

/** @throws AppError (exit 2) when there is none, or it is none of ours; `hint` is the command that lists others. */
export const readManifest = (directory: string, hint = `ls ${quote(dirname(directory))}`): Manifest => {
  const read = (): unknown => {
    try {
      return JSON.parse(readFileSync(join(directory, manifestFile), 'utf8'))
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException
      if (!existsSync(directory))
        throw new AppError(`There is no backup ${directory}.`, {
          ...{ exitCode: exitCodes.usage, hint, cause },
          details: ['The oldest backups go when new ones are made (retain.backups).'],
        })
      const why = code === 'ENOENT' ? `it has no ${manifestFile}` : message
      throw notABackup(directory, { why, hint, cause })
    }
  }
  const parsed = manifestSchema.safeParse(read())
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw notABackup(directory, {
    why: `${manifestFile}: ${issue?.path.join('.')}: ${issue?.message}`,
    hint,
  })
}

/** Nothing where there is none that can be read. */
export const findManifest = (directory: string): Manifest | undefined => {
  try {
    return readManifest(directory)
  } catch {
    return undefined
  }
}

const interrupted = ({ reason }: AbortSignal): AppError =>
  new AppError(`Interrupted by ${reason} while the files of the backup were read.`, {
    exitCode: interruptionCode(reason),
    touched: false,
  })

export type CheckOptions = { signal?: AbortSignal | undefined }

const checkFile = async (
  directory: string,
  expected: BackupFile,
  { signal }: CheckOptions,
): Promise<string[]> => {
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const chunk of createReadStream(join(directory, expected.file), { signal })) {
      hash.update(chunk)
      bytes += chunk.length
    }
  } catch (cause) {
    if (signal?.aborted) throw interrupted(signal)
    return [`${expected.file} cannot be read: ${(cause as Error).message}`]
  }
  if (bytes !== expected.bytes) return [`${expected.file} has ${bytes} bytes instead of ${expected.bytes}`]
  return hash.digest('hex') === expected.sha256 ? [] : [`${expected.file} is damaged: its sha256 differs`]
}

/**
 * Reads these files of a backup whole, and says of each that is not what the manifest says how it differs.
 * @throws AppError (exit 130, 143): interrupted.
 */
export const checkFiles = async (
  directory: string,
  files: readonly BackupFile[],
  options: CheckOptions = {},
): Promise<string[]> => {
  const faults: string[] = []
  for (const file of files) faults.push(...(await checkFile(directory, file, options)))
  return faults
}
