import pMap from 'p-map'
import { readMigrations } from '../io/dbmate/files.ts'
import type { Engine } from '../io/engine.ts'
import type { Server } from '../io/postgres/postgres.ts'
import { absent, readDatabase, readExisting } from '../io/postgres/read-database.ts'
import { readObjects } from '../io/postgres/read-objects.ts'
import { type Linter, loadLinter } from '../lint/linter.ts'
import { fewSessions } from '../model/few-sessions.ts'
import type { DatabaseState, Environment } from '../model/types.ts'
import { type AskObjects, lintUnapplied } from './lint-unapplied.ts'

/** Files and server side by side: the state of every managed database of the environment. */
export const readDatabases = async (environment: Environment, server: Server): Promise<DatabaseState[]> => {
  const stored = environment.databases.map((managed) => ({ managed, ...readMigrations(managed) }))
  const existing = await readExisting(
    server,
    environment.databases.map(({ database }) => database),
  )
  const read = async (entry: (typeof stored)[number]): Promise<DatabaseState> => {
    const reading = existing.has(entry.managed.database) ? await readDatabase(server, entry.managed) : absent
    return { ...entry, ...reading }
  }
  return pMap(stored, read, { concurrency: fewSessions })
}

/** Asks an engine's server what it has of what files name. */
export const askObjects =
  ({ server }: Pick<Engine, 'server'>): AskObjects =>
  (managed, names) =>
    readObjects(server, managed, names)

/** The linter for what an engine's server understands. */
export const linterFor =
  ({ server }: Pick<Engine, 'server'>) =>
  async (): Promise<Linter> => {
    const { readMajor } = await import('../io/postgres/inventory.ts')
    return loadLinter(await readMajor(server))
  }

/** What a plan for `up` is made of; what is to run is linted. */
export const readUpWorld = async (
  environment: Environment,
  engine: Engine,
): Promise<{ databases: DatabaseState[]; missingImage: string | undefined }> => {
  const [databases, missingImage] = await Promise.all([
    readDatabases(environment, engine.server),
    engine.missingImage(),
  ])
  return { databases: await lintUnapplied(databases, linterFor(engine), askObjects(engine)), missingImage }
}
