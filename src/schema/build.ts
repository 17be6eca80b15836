import { AppError, exitCodes } from '../errors.ts'
import { storeName } from '../fleet/tell.ts'
import type { Dbmate, DbmateResult, PlannedFile } from '../io/dbmate/dbmate.ts'
import { placeVersions, readVersions } from '../io/postgres/read-database.ts'
import { batchesOf } from '../model/batches.ts'
import { codeFrame } from '../model/code-frame.ts'
import { parseDbmateError } from '../model/dbmate-error.ts'
import type { DatabaseProperties } from '../model/inventory.ts'
import { makesSchema } from '../model/makes-schema.ts'
import { sectionOf } from '../model/migration.ts'
import type { Direction, ManagedDatabase, Migration, VersionsTable } from '../model/types.ts'
import type { Workbench } from './workbench.ts'

export type BuildOptions = {
  managed: ManagedDatabase
  files: readonly Migration[]
  like?: DatabaseProperties | undefined
}

/** What a file that fails on a throwaway server says, with the lines around it. */
export const explainBuild = (
  managed: ManagedDatabase,
  migration: Migration,
  { result, direction }: { result: DbmateResult; direction: Direction },
): AppError => {
  const name = storeName(managed)
  const { message, sqlState, line, column } = parseDbmateError(result.output)
  const section = sectionOf(migration, direction)
  const at = line === undefined ? undefined : section.line + line - 1
  const what = direction === 'up' ? `${migration.file} fails` : `the down section of ${migration.file} fails`
  return new AppError(
    `${name}: ${what}${at === undefined ? '' : ` at line ${at}`}: ${message}${sqlState ? ` (${sqlState})` : ''}`,
    {
      exitCode: exitCodes.failed,
      details: [
        ...(at === undefined
          ? []
          : codeFrame(migration.text, { line: at, ...(column !== undefined && { column }) })),
        'It was a throwaway server.',
      ],
      hint: `correct ${name}/${migration.file}`,
    },
  )
}

type Placed = { placed: ManagedDatabase & { versions: VersionsTable }; versions: VersionsTable }

/**
 * Where the versions stand on the throwaway server: where the live ones do, but in no schema that a file makes, since dbmate would
 * make it before the file (a user's own schema, found first by `"$user"`).
 */
const begin = async (bench: Workbench, { managed, files, like }: BuildOptions): Promise<Placed> => {
  await bench.create(managed.database, like)
  const { versions: live, ...unplaced } = managed
  const kept = live && !makesSchema(files, live.schema) ? live : undefined
  const versions = kept ?? (await placeVersions(bench.server, unplaced))
  return { placed: { ...managed, versions }, versions }
}

/** @throws AppError (exit 1) for the first file that is not recorded after its call. */
const applyBatch = async (
  { bench, dbmate, placed }: { bench: Workbench; dbmate: Dbmate; placed: Placed['placed'] },
  files: readonly PlannedFile[],
): Promise<void> => {
  const [first] = files
  if (!first) return
  const result = await dbmate.migrate('up', first, '')
  const recorded = new Set(await readVersions(bench.server, placed.database, placed.versions))
  const failed = files.find(({ migration }) => !recorded.has(migration.version))
  if (failed) throw explainBuild(placed, failed.migration, { result, direction: 'up' })
}

/**
 * Makes a database anew from these files, by dbmate, in as few calls as they allow.
 * @throws AppError (exit 1) naming the file that fails.
 */
export const buildSchema = async (bench: Workbench, options: BuildOptions): Promise<VersionsTable> => {
  const { placed, versions } = await begin(bench, options)
  const batches = batchesOf(options.files, versions.table).map((batch, index) =>
    batch.map((migration) => ({ managed: placed, migration, batch: `batch-${index}` })),
  )
  if (batches.length === 0) return versions
  await using dbmate = await bench.openDbmate(batches.flat(), [placed.database])
  for (const batch of batches) await applyBatch({ bench, dbmate, placed }, batch)
  return versions
}

/** How many files are applied, and where that stands. */
export type Grown = { count: number; versions: VersionsTable }

/**
 * The same file by file, with a stop after each, and before the first.
 * @throws AppError (exit 1) naming the file that fails.
 */
export async function* growSchema(bench: Workbench, options: BuildOptions): AsyncGenerator<Grown> {
  const { placed, versions } = await begin(bench, options)
  yield { count: 0, versions }
  const planned = options.files.map((migration) => ({ managed: placed, migration }))
  if (planned.length === 0) return
  await using dbmate = await bench.openDbmate(planned, [placed.database])
  for (const [index, file] of planned.entries()) {
    await applyBatch({ bench, dbmate, placed }, [file])
    yield { count: index + 1, versions }
  }
}
