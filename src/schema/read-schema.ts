import { readUntold } from '../io/postgres/dump-schema.ts'
import type { VersionsTable } from '../model/types.ts'
import type { Untold } from '../model/untold.ts'
import { compareSchemas, type Difference } from './plan/compare-schemas.ts'
import { parseDump, type SchemaObject } from './plan/objects.ts'
import { addUntold } from './plan/untold.ts'
import type { SchemaSource, Workbench } from './workbench.ts'

/** A schema as a server told it: the dump, what that leaves out, and the objects of both. */
export type Schema = { text: string; untold: Untold; objects: readonly SchemaObject[] }

export type ReadOptions = { database: string; versions?: VersionsTable | undefined; signal?: AbortSignal }

const schemaOf = (text: string, untold: Untold): Schema => ({
  text,
  untold,
  objects: addUntold(parseDump(text), untold),
})

/** @throws AppError (exit 1) with pg_dump's own words. */
export const readSchema = async ({ server, dump }: SchemaSource, options: ReadOptions): Promise<Schema> => {
  const [text, untold] = await Promise.all([
    dump(options),
    readUntold((sql, values = []) => server.query(options.database, sql, values)),
  ])
  return schemaOf(text, untold)
}

/** Beside the databases of any environment. */
const scratchNames = { expected: 'po_migrate_read_expected', found: 'po_migrate_read_found' }

/** Made from its dump and dumped once more: Postgres writes some expressions another way then (`x in (…)` over varchar). */
const readBack = async (bench: Workbench, scratchName: string, { text, untold }: Schema): Promise<Schema> => {
  await bench.create(scratchName)
  try {
    if (!untold.hasPublic) await bench.server.query(scratchName, 'drop schema public')
    await bench.restore(scratchName, text)
    return schemaOf(await bench.dump({ database: scratchName }), untold)
  } finally {
    await bench.drop(scratchName)
  }
}

/** Both have ended by then, and left nothing, whichever of them failed. */
const answerOf = (settled: PromiseSettledResult<Schema>): Schema => {
  if (settled.status === 'rejected') throw settled.reason
  return settled.value
}

export type Compared = {
  differences: readonly Difference[]
  /** Why what differs could not be read back: some of it may be the same, written another way. */
  unread?: string
}

/**
 * What differs between what files make and what is there; both are read back once where they differ at all, and only what
 * differs then is told, in the words in which it stands there.
 */
export const compareThoroughly = async (
  bench: Workbench,
  { expected, found }: { expected: Schema; found: Schema },
): Promise<Compared> => {
  const differences = compareSchemas(expected.objects, found.objects)
  if (differences.length === 0) return { differences }
  try {
    // Side by side: what takes long is the server's.
    const both = await Promise.allSettled([
      readBack(bench, scratchNames.expected, expected),
      readBack(bench, scratchNames.found, found),
    ])
    const [one, other] = both.map(answerOf) as [Schema, Schema]
    const left = new Set(compareSchemas(one.objects, other.objects).map(({ object }) => object))
    return { differences: differences.filter(({ object }) => left.has(object)) }
  } catch (error) {
    return { differences, unread: (error as Error).message }
  }
}
