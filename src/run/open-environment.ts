import type { Engine } from '../io/engine.ts'
import type { Context } from '../model/context.ts'
import type { Environment } from '../model/types.ts'
import { expandFleets } from './expand-fleets.ts'
import { type OpenOptions, openEngine } from './open-engine.ts'

export type OpenedServer = AsyncDisposable & { engine: Engine; environment: Environment }

/**
 * The engine, connected, and the environment with the databases of its fleets, which only the server knows.
 * @throws AppError as `openEngine` and `expandFleets`.
 */
export const openEnvironment = async (options: OpenOptions, context: Context): Promise<OpenedServer> => {
  const engine = await openEngine({ ...options, knowsFleets: true }, context)
  try {
    const { environment, notes } = await expandFleets(options.environment, engine.server)
    for (const line of notes) options.report.note(line)
    return { engine, environment, [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]() }
  } catch (error) {
    await engine[Symbol.asyncDispose]()
    throw error
  }
}
