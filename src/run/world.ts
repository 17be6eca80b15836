import pMap from 'p-map'
import { AppError, exitCodes } from '../errors.ts'
import { missingMember } from '../fleet/missing-member.ts'
import { storeName } from '../fleet/tell.ts'
import { readMigrations } from '../io/dbmate/files.ts'
import type { Engine } from '../io/engine.ts'
import type { Server } from '../io/postgres/postgres.ts'
import { absent, type PlacedReading, readDatabase, readExisting } from '../io/postgres/read-database.ts'
import { readObjects } from '../io/postgres/read-objects.ts'
import { type Linter, loadLinter } from '../lint/linter.ts'
import { fewSessions, membersAtOnce } from '../model/few-sessions.ts'
import type { DatabaseReading, DatabaseState, Environment, ManagedDatabase } from '../model/types.ts'
import { type AskObjects, lintUnapplied } from './lint-unapplied.ts'

type Stored = ReturnType<typeof readMigrations>

/** Databases of a fleet have one directory, read once. */
const readStores = (databases: readonly ManagedDatabase[]): ((managed: ManagedDatabase) => Stored) => {
  const read = new Map<string, Stored>()
  for (const managed of databases)
    if (!read.has(managed.directory))
      read.set(managed.directory, readMigrations({ ...managed, name: storeName(managed) }))
  return ({ directory }) => read.get(directory) ?? { files: [], strays: [] }
}

/** invalid_catalog_name, insufficient_privilege: said of one database, and of no other. */
const ofOne = new Set(['3D000', '42501'])

/** Whether a server that answers says it of one database only. */
export const isOfOne = (error: unknown): boolean => {
  const { code = '' } = ((error as Error).cause ?? {}) as { code?: string }
  return error instanceof AppError && error.exitCode === exitCodes.unreachable && ofOne.has(code)
}

/** Why a database of a fleet cannot be read keeps nobody from the others. */
const readMember = async (server: Server, managed: ManagedDatabase): Promise<PlacedReading> => {
  try {
    return await readDatabase(server, managed)
  } catch (error) {
    if (!(error instanceof AppError) || !isOfOne(error)) throw error
    const { message, details, hint = '' } = error
    const exists = (error.cause as { code?: string }).code !== '3D000'
    return { ...absent, managed, exists, obstacle: { message, details, hint } }
  } finally {
    await server.leave(managed.database)
  }
}

const readAbsent = (managed: ManagedDatabase): DatabaseReading => {
  const obstacle = missingMember(managed)
  return obstacle ? { ...absent, obstacle } : absent
}

/** Files and server side by side: the state of every managed database of the environment. */
export const readDatabases = async (environment: Environment, server: Server): Promise<DatabaseState[]> => {
  const { databases, refused = [] } = environment
  const storeOf = readStores(databases)
  const existing = await readExisting(
    server,
    databases.map(({ database }) => database),
  )
  const read = async (managed: ManagedDatabase): Promise<DatabaseState> => {
    const entry = { managed, ...storeOf(managed) }
    if (!existing.has(managed.database)) return { ...entry, ...readAbsent(managed) }
    return { ...entry, ...(await (managed.member ? readMember : readDatabase)(server, managed)) }
  }
  const concurrency = databases.some(({ member }) => member) ? membersAtOnce : fewSessions
  const states = await pMap(databases, read, { concurrency })
  return [
    ...states,
    ...refused.map(({ managed, obstacle }) => ({ ...absent, managed, obstacle, files: [], strays: [] })),
  ]
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
