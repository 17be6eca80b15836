import { AppError, exitCodes, usageError } from '../errors.ts'
import type { Server } from '../io/postgres/postgres.ts'
import type { Schema } from './read-schema.ts'
import type { Workbench } from './workbench.ts'

/** What of @supabase/pg-delta is called: it reads two catalogs, and writes what makes one the other. */
type Delta = {
  extract: (pool: { connect: () => Promise<DeltaClient> }) => Promise<{ factBase: unknown }>
  plan: (source: unknown, desired: unknown) => { actions: readonly { sql: string }[] }
}
type DeltaClient = {
  query: (
    sql: string | { text: string; values?: unknown[] },
    values?: unknown[],
  ) => Promise<{ rows: unknown[] }>
  release: () => void
}

/** Exactly this one: `latest` is a placeholder. */
const deltaPackage = '@supabase/pg-delta'
const deltaVersion = '1.0.0-alpha.34'

const importPackage = (name: string): Promise<Delta> => import(name)

/** @throws AppError (exit 2) where it is not installed: it does not come with the tool. */
export const loadDelta = async (load = importPackage): Promise<Delta> => {
  try {
    return await load(deltaPackage)
  } catch {
    throw usageError(
      `--sql needs ${deltaPackage}, which is not installed here.`,
      `npm install --save-dev --save-exact ${deltaPackage}@${deltaVersion}`,
      ['Without --sql drift tells the same differences, with both definitions of each.'],
    )
  }
}

const read = async (server: Server, database: string, delta: Delta): Promise<unknown> => {
  await using session = await server.session(database)
  const client: DeltaClient = {
    query: async (sql, values = []) =>
      typeof sql === 'string'
        ? { rows: await session.query(sql, values) }
        : { rows: await session.query(sql.text, sql.values ?? []) },
    release: () => {},
  }
  return (await delta.extract({ connect: async () => client })).factBase
}

const names = { found: 'po_migrate_found', expected: 'po_migrate_expected' }

/**
 * Statements that would make what is there what the files make, as pg-delta writes them; of kinds that it does not know it has
 * none. Both schemas are made from their dumps on the scratch server: the real one is asked nothing.
 * @throws AppError (exit 1) when one of them cannot be made there.
 */
export const writeSql = async (
  bench: Workbench,
  schemas: { expected: Schema; found: Schema },
  delta: Delta,
): Promise<string[]> => {
  try {
    for (const side of ['found', 'expected'] as const) {
      await bench.create(names[side])
      await bench.restore(names[side], schemas[side].text)
    }
    const found = await read(bench.server, names.found, delta)
    const expected = await read(bench.server, names.expected, delta)
    return delta.plan(found, expected).actions.map(({ sql }) => `${sql.replace(closing, '')};`)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError(`pg-delta cannot tell what would bring it back: ${(cause as Error).message}`, {
      exitCode: exitCodes.failed,
      hint: 'leave --sql out',
      cause,
    })
  } finally {
    for (const name of Object.values(names)) await bench.drop(name)
  }
}

const closing = /;?\s*$/
