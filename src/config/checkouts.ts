import { join, resolve } from 'node:path'
import { usageError } from '../errors.ts'
import type { Environment } from '../model/types.ts'
import { type Config, loadConfig, type Variables } from './load.ts'
import { resolveEnvironment } from './resolve.ts'

/** An environment, and the config of the checkout that supplies its migrations. */
export type SuppliedEnvironment = { config: Config; environment: Environment }

/**
 * An environment as its own checkout has it (`cutover.checkouts` of its host), or as this config has it.
 * @throws AppError (exit 2) when that checkout means another server by the same name.
 */
export const supplyEnvironment = (config: Config, name: string, env: Variables): SuppliedEnvironment => {
  const here = resolveEnvironment(config, name)
  const checkout = config.hosts[here.host.name]?.cutover?.checkouts[name]
  if (checkout === undefined) return { config, environment: here }
  const file = join(resolve(config.directory, checkout), 'infrastructure', 'migrate.yaml')
  const theirs = loadConfig({ file, cwd: config.directory, env })
  const environment = resolveEnvironment(theirs, name)
  if (environment.network !== here.network || environment.host.volume !== here.host.volume)
    throw usageError(
      `The checkout of ${name} means another server: ${file}.`,
      `correct hosts.${here.host.name}.cutover.checkouts.${name}`,
      [`there: network ${environment.network}, volume ${environment.host.volume ?? 'none'}`],
    )
  return { config: theirs, environment: { ...environment, host: here.host } }
}
