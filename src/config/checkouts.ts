import { existsSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { usageError } from '../errors.ts'
import { quote } from '../model/quote.ts'
import type { Environment } from '../model/types.ts'
import { configIn } from './find.ts'
import { type Config, loadConfig, type Variables } from './load.ts'
import { resolveEnvironment } from './resolve.ts'

/** An environment, and the config of the checkout that supplies its migrations. */
export type SuppliedEnvironment = { config: Config; environment: Environment }

/** The release that is current now, not the link to it: a deployment may move that at any time. */
const releaseOf = ({ name, host }: Environment): string | undefined => {
  if (host.releases === undefined) return undefined
  const current = join(host.releases, name, 'current')
  return configIn(current) === undefined ? undefined : realpathSync(current)
}

/** A cutover makes what is managed anew, from its files; which databases a fleet has is told by one that is gone by then. */
const refuseFleets = ({ name, fleets = [] }: Environment): void => {
  const [first] = fleets
  if (!first) return
  throw usageError(
    `A cutover takes no fleet, and ${name} has ${fleets.map((fleet) => fleet.name).join(', ')}.`,
    `leave ${first.name} out of the config for it, and put it back behind it: po-migrate up ${name} --db ${first.name}`,
  )
}

const requireConfig = (checkout: string): string => {
  const file = configIn(checkout)
  if (file !== undefined) return file
  throw usageError(`There is no migrate.yaml in the checkout ${checkout}.`, `ls ${quote(checkout)}`)
}

/** Its state is this run's: an older release's config names no project, and means another directory by a relative path. */
const underOurs = (theirs: Config, ours: Config, name: string): Config => {
  const { project } = ours
  if (theirs.project !== undefined && theirs.project !== project)
    throw usageError(
      `The checkout of ${name} is of the project ${theirs.project}: ${theirs.file}.`,
      `correct project: in ${theirs.file} or in ${ours.file}`,
      [`here: ${project ?? 'no project'}`],
    )
  return { ...theirs, project, state: ours.state && resolve(ours.directory, ours.state) }
}

/**
 * An environment as its own checkout has it (`cutover.checkouts` of its host, else its release there), or as this config
 * has it. `pinned`: the config that a run began with.
 * @throws AppError (exit 2) when that checkout means another server by the same name, or is another project's.
 */
export const supplyEnvironment = (
  config: Config,
  name: string,
  { env, pinned }: { env: Variables; pinned?: string | undefined },
): SuppliedEnvironment => {
  const here = resolveEnvironment(config, name)
  refuseFleets(here)
  const named = config.hosts[here.host.name]?.cutover?.checkouts[name]
  const checkout = named === undefined ? releaseOf(here) : resolve(config.directory, named)
  const file = pinned ?? (checkout === undefined ? undefined : requireConfig(checkout))
  if (file === undefined || file === config.file) return { config, environment: here }
  if (pinned !== undefined && !existsSync(pinned))
    throw usageError(
      `The checkout of ${name} that this run began with is gone: ${pinned}.`,
      `put it there again, or: po-migrate cutover ${here.host.name} --undo --confirm yes`,
    )
  const theirs = loadConfig({ file, cwd: config.directory, env })
  const environment = resolveEnvironment(theirs, name)
  refuseFleets(environment)
  if (environment.network !== here.network || environment.host.volume !== here.host.volume)
    throw usageError(
      `The checkout of ${name} means another server: ${file}.`,
      named === undefined
        ? `infrastructure/scripts/release.sh sync ${name}, or name its checkout in hosts.${here.host.name}.cutover.checkouts.${name}`
        : `correct hosts.${here.host.name}.cutover.checkouts.${name}`,
      [`there: network ${environment.network}, volume ${environment.host.volume ?? 'none'}`],
    )
  return { config: underOurs(theirs, config, name), environment: { ...environment, host: here.host } }
}
