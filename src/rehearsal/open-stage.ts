import pMap from 'p-map'
import { cluster, tooSmall } from '../backup/disk-space.ts'
import { AppError, exitCodes } from '../errors.ts'
import { freeBytesIn } from '../io/docker/disk.ts'
import type { Engine } from '../io/engine.ts'
import { cloneDatabase } from '../io/postgres/clone-database.ts'
import type { DumpTarget } from '../io/postgres/dump-tool.ts'
import { readMajor, readProperties, readServerInventory } from '../io/postgres/inventory.ts'
import { quoteVersions } from '../io/postgres/read-database.ts'
import { dropDatabase } from '../io/postgres/recreate-database.ts'
import { restoreRoles } from '../io/postgres/roles.ts'
import { openScratchServer, type ScratchServer } from '../io/postgres/scratch-server.ts'
import { scratchEngine } from '../io/scratch-engine.ts'
import { requireShared, type SharedEngine } from '../io/shared-engine.ts'
import { majorOf } from '../model/manifest.ts'
import { scratchSuperuser } from '../model/scratch-superuser.ts'
import type { Step } from '../model/step.ts'
import type { DatabaseState, Rehearsing } from '../model/types.ts'
import { watchApplied } from '../run/applied.ts'
import { findImage } from './find-image.ts'
import { type Measure, openMeasuring } from './measures.ts'
import type { Part } from './plan/parts.ts'
import type { RehearsalTools } from './rehearse.ts'

/** A scratch server with copies of the databases, ready for the files. */
export type Stage = AsyncDisposable & {
  engine: Engine
  /** Begins to measure a file; what it answers ends that. Only where the data is there. */
  measure?: Measure
}

type Opening = { tools: RehearsalTools; cut: AbortSignal }
type Mode = Exclude<Rehearsing, 'off'>

/** Most of a small copy is waiting for Docker. */
const atOnce = 3

/** @throws AppError (exit 4) when the copies do not fit on Docker's disk. */
const requireRoom = async ({ shared, server }: SharedEngine, databases: readonly string[]): Promise<void> => {
  const properties = await Promise.all(
    databases.map((name) =>
      readProperties((sql, values) => server.query(server.maintenance, sql, values), name),
    ),
  )
  const needed = properties.reduce((sum, one) => sum + (one?.size ?? 0), cluster)
  const { container } = await shared.tools()
  const free = await freeBytesIn(shared.docker, { container, path: '/' })
  if (free !== undefined && free < needed) throw tooSmall("Docker's disk", needed, free)
}

/** The versions, which a schema's dump leaves out: what is not pending has to be known there. */
const recordVersions = async (
  { server }: ScratchServer,
  { managed, applied }: DatabaseState,
): Promise<void> => {
  if (applied.length === 0) return
  const placed = await watchApplied(server, []).place(managed)
  const sql = `insert into ${quoteVersions(placed.versions)} (version) select pg_catalog.unnest($1::text[])`
  await server.query(managed.database, sql, [[...applied]])
}

const fill = async (
  scratch: ScratchServer,
  {
    mode,
    states,
    engine,
    major,
  }: { mode: Mode; states: DatabaseState[]; engine: SharedEngine; major: number },
  { tools, cut }: Opening,
): Promise<void> => {
  const { report, environment } = tools.rehearsal
  const { container, env } = await engine.shared.tools(report.progress)
  const { server } = engine
  const { docker } = engine.shared
  // One for all: each is a call of docker exec.
  await using maintenance = await scratch.server.session(scratch.server.maintenance)
  // The image makes one of its superuser's name.
  if (scratch.user !== scratch.server.maintenance) await dropDatabase(maintenance.query, scratch.user)
  const target = { ...scratch, maintain: maintenance.query }
  const source: DumpTarget = { docker, container, env, server, user: server.user, run: tools.run }
  const { lockTimeout } = environment
  const copy = async (state: DatabaseState): Promise<void> => {
    const { database } = state.managed
    report.progress(`copying ${database}`)
    await cloneDatabase(source, target, { database, major, data: mode === 'data', lockTimeout, signal: cut })
    if (mode === 'schema') await recordVersions(scratch, state)
  }
  await pMap(states, copy, { concurrency: atOnce })
}

const openServer = async (
  mode: Mode,
  names: readonly string[],
  { engine, opening: { tools } }: { engine: SharedEngine; opening: Opening },
): Promise<{ scratch: ScratchServer; major: number }> => {
  const { environment, project, stop } = tools.rehearsal
  const { shared, server } = engine
  const found = await findImage(engine)
  if ('why' in found) throw new AppError(found.why, { exitCode: exitCodes.refused })
  const { roles, preload, version } = await readServerInventory(server)
  const scratch = await openScratchServer(shared.docker, {
    image: found.image,
    ...{ run: tools.run, environment: environment.name, project, preload },
    user: scratchSuperuser(roles, server.user),
    postgres: shared.id,
    memoryOf: (await shared.tools(tools.rehearsal.report.progress)).container,
    databases: names,
    signal: stop,
    ...(mode === 'data' && { fullLog: true }),
  })
  try {
    const major = majorOf(version)
    const own = await readMajor(scratch.server)
    if (own !== major)
      throw new AppError(`${found.image} is Postgres ${own}, and the server is Postgres ${major}`, {
        exitCode: exitCodes.refused,
      })
    // Their passwords are no business of a server without a lock on its door.
    await restoreRoles(scratch.server, roles, { passwords: new Map(), major, existing: 'complete' })
    return { scratch, major }
  } catch (error) {
    await scratch[Symbol.asyncDispose]()
    throw error
  }
}

/** Starts the scratch server and copies what the steps are about. @throws whatever stands in the way of that. */
export const openStage = async (
  mode: Mode,
  parts: readonly Part<Step>[],
  opening: Opening,
): Promise<Stage> => {
  const { tools } = opening
  const { environment, project, image, databases } = tools.rehearsal
  const engine = requireShared(tools.engine)
  const names = parts.filter(({ steps }) => steps.length > 0).map(({ managed }) => managed.database)
  const states = databases.filter(({ managed, exists }) => exists && names.includes(managed.database))
  if (mode === 'data')
    await requireRoom(
      engine,
      states.map(({ managed }) => managed.database),
    )
  const { scratch, major } = await openServer(mode, names, { engine, opening })
  try {
    await fill(scratch, { mode, states, engine, major }, opening)
    const { user } = tools.engine.server
    const server = scratch.user === user ? scratch.server : scratch.serverAs(user)
    const place = { environment: environment.name, project, postgres: engine.shared.id }
    return {
      engine: scratchEngine(scratch, tools.engine, { ...place, image, server }),
      ...(mode === 'data' && { measure: openMeasuring(scratch) }),
      [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
    }
  } catch (error) {
    await scratch[Symbol.asyncDispose]()
    throw error
  }
}
