import type { Extension, PGlite } from '@electric-sql/pglite'
import { AppError, exitCodes } from '../../errors.ts'

export type EmbeddedPackages = {
  /** Opens a data directory, and makes it when it is empty (seconds); nobody else may have it open. */
  openPglite: (directory: string) => Promise<PGlite>
  /** pg_dump as wasm, for one that is open. */
  dump: (pglite: PGlite, args: readonly string[]) => Promise<string>
  /** dbmate's binary for this platform. */
  dbmate: string
}

/** What migrations may `create extension` beside vector; loading them all costs nothing measurable. */
const contrib = [
  'btree_gin',
  'btree_gist',
  'citext',
  'fuzzystrmatch',
  'hstore',
  'ltree',
  'pg_trgm',
  'pgcrypto',
  'unaccent',
  'uuid_ossp',
]

const loadContrib = async (name: string): Promise<[string, Extension]> => {
  const module: Record<string, Extension> = await import(`@electric-sql/pglite/contrib/${name}`)
  const extension = module[name]
  if (!extension) throw new Error(`@electric-sql/pglite/contrib/${name} has no export ${name}`)
  return [name, extension]
}

/**
 * What only an npm checkout has; the bundle leaves these imports alone, so they resolve from where it lies.
 * @throws AppError (exit 2) when a package is missing.
 */
export const loadEmbeddedPackages = async (): Promise<EmbeddedPackages> => {
  try {
    const [{ PGlite: Pglite }, { vector }, { pgDump }, { resolveBinary }, ...others] = await Promise.all([
      import('@electric-sql/pglite'),
      import('@electric-sql/pglite-pgvector'),
      import('@electric-sql/pglite-tools/pg_dump'),
      import('dbmate'),
      ...contrib.map(loadContrib),
    ])
    const extensions = { vector, ...Object.fromEntries(others) }
    return {
      openPglite: (directory) => Pglite.create(directory, { extensions }),
      dump: async (pglite, args) => (await pgDump({ pg: pglite, args: [...args] })).text(),
      dbmate: resolveBinary(),
    }
  } catch (cause) {
    throw new AppError('The embedded engine needs an npm checkout: its packages are not installed here.', {
      exitCode: exitCodes.usage,
      details: [(cause as Error).message],
      hint: 'npm ci',
      cause,
    })
  }
}
