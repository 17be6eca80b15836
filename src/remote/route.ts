import { hostNetworks, resolveEnvironment, resolveHost } from '../config/resolve.ts'
import { AppError, type ExitCode } from '../errors.ts'
import { configOf } from '../frame/config-of.ts'
import type { Context } from '../model/context.ts'
import type { RemoteTarget } from './dispatch.ts'
import { placeOf, runsHere } from './place.ts'
import type { Named } from './typed.ts'

export type Handler<T> = (options: T, context: Context) => Promise<ExitCode>

/** The other machine that a verb belongs on; whatever is wrong with the names is the verb's to say. */
const findRemote = (options: Named, context: Context): RemoteTarget | undefined => {
  const { environment, host } = options
  if (typeof environment !== 'string' && typeof host !== 'string') return undefined
  try {
    const config = configOf(options, context)
    const place =
      typeof environment === 'string'
        ? placeOf(resolveEnvironment(config, environment))
        : { host: resolveHost(config, String(host)), networks: hostNetworks(config, String(host)) }
    if (runsHere(place.host, options.here, context)) return undefined
    return { config, place, ...(typeof environment === 'string' && { environment }) }
  } catch (error) {
    if (error instanceof AppError) return undefined
    throw error
  }
}

/** Runs a verb here, or where the environment or the host that it names is: over ssh, as it was typed. */
export const runWhereItBelongs = async <T>(
  handler: Handler<T>,
  { options, argv }: { options: T; argv: readonly string[] },
  context: Context,
): Promise<ExitCode> => {
  const named = options as Named
  const target = findRemote(named, context)
  if (!target) return handler(options, context)
  const { dispatch } = await import('./dispatch.ts')
  return dispatch({ target, options: named, argv }, context)
}
