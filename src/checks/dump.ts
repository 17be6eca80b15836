import { AppError } from '../errors.ts'
import type { Engine } from '../io/engine.ts'
import { tryDump } from '../io/postgres/dump.ts'
import { type Check, fail } from './check.ts'

export type DumpFacts = { engine: () => Promise<Engine>; run: string }

const tryIt = async ({ engine, run }: DumpFacts): Promise<string> => {
  const { shared, server } = await engine()
  if (!shared) return 'needs none'
  try {
    const { docker } = shared
    return await tryDump({ docker, ...(await shared.tools()), server, user: server.user, run })
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    throw fail(
      `no backup can be taken: ${[error.message, ...error.details].join(' ')}`,
      `docker exec ${server.label} pg_dump --version`,
    )
  }
}

/** What backups and cutovers need in Postgres' own container. */
export const dumpCheck = (facts: DumpFacts): Check => ({
  title: 'pg_dump',
  needs: 'postgres',
  run: () => tryIt(facts),
})
