import type { Config } from '../config/load.ts'
import { dbmateImage } from '../config/resolve.ts'
import { stateOf } from '../config/state.ts'
import { AppError, interruptionCode } from '../errors.ts'
import { readServerInventory } from '../io/postgres/inventory.ts'
import { readImageOf } from '../io/postgres/scratch-server.ts'
import type { SharedEngine } from '../io/shared-engine.ts'
import type { Context } from '../model/context.ts'
import { scratchSuperuser } from '../model/scratch-superuser.ts'
import type { DatabaseState, Environment } from '../model/types.ts'
import type { Report } from '../report/report.ts'
import { rolesMadeBy } from './plan/roles-made.ts'
import { openWorkbench, type SchemaSource, sourceOf, type Workbench } from './workbench.ts'

export type BenchRequest = {
  config: Config
  environment: Environment
  engine: SharedEngine
  run: string
  report: Report
  databases: readonly DatabaseState[]
}

/**
 * A throwaway server that stands for an environment's: its image, its roles, its libraries.
 * @throws AppError (exit 1, 6) when it cannot be had.
 */
export const openBench = async (request: BenchRequest, context: Context): Promise<Workbench> => {
  const { config, environment, engine, run, report, databases } = request
  const { docker, id, tools } = engine.shared
  const missing = await engine.missingImage()
  if (missing) await engine.pull(missing, report.progress)
  const { container } = await tools(report.progress)
  const [image, like] = await Promise.all([
    readImageOf(docker, container),
    readServerInventory(engine.server),
  ])
  report.progress('starting a scratch server')
  return openWorkbench({
    docker,
    image,
    run,
    environment: environment.name,
    project: stateOf(config, environment.host, context.env).project,
    user: scratchSuperuser(like.roles, engine.server.user),
    migrator: engine.server.user,
    postgres: id,
    memoryOf: container,
    databases: environment.databases.map(({ database }) => database),
    preload: like.preload,
    signal: context.interrupt,
    dbmateImage: dbmateImage(config),
    like,
    madeByFiles: rolesMadeBy(
      databases.flatMap(({ files }) => files.flatMap(({ migration }) => migration ?? [])),
    ),
  })
}

/** The real server, asked by its own pg_dump or one of its major. */
export const openLive = async (
  { server, shared: { docker, tools } }: SharedEngine,
  { id, report }: { id: string; report: Report },
): Promise<SchemaSource> => {
  const { container, env } = await tools(report.progress)
  return sourceOf({ docker, container, env, server, user: server.user, run: id })
}

/** What a scratch server is taken away under fails in its own words: that it was interrupted is what happened. */
export const unlessInterrupted = async <T>(
  { interrupt }: Pick<Context, 'interrupt'>,
  body: () => Promise<T>,
): Promise<T> => {
  try {
    return await body()
  } catch (cause) {
    if (!interrupt.aborted) throw cause
    throw new AppError(`Interrupted by ${interrupt.reason}.`, {
      exitCode: interruptionCode(interrupt.reason),
      touched: false,
      cause,
    })
  }
}
