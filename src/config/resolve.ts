import { resolve } from 'node:path'
import { usageError } from '../errors.ts'
import type { Environment, Host, Policy, Stack } from '../model/types.ts'
import { resolveManaged } from './fleets.ts'
import type { Config } from './load.ts'
import type { ConfigFile } from './schema.ts'
import { describeServer } from './server.ts'
import { unknown } from './unknown.ts'

const pick = <T>(what: string, name: string, record: Record<string, T>): T => {
  const value = Object.hasOwn(record, name) ? record[name] : undefined
  if (value === undefined) throw unknown(name, { what, names: Object.keys(record) })
  return value
}

export const resolveHost = (config: Config, name: string): Host => {
  const { stack, cutover, ...host } = pick('host', name, config.hosts)
  const residents = Object.values(config.environments).filter((environment) => environment.host === name)
  const absolute = ({ file, project }: Stack): Stack => ({ file: resolve(config.directory, file), project })
  const base: Host = {
    name,
    shared: host.ssh !== undefined || residents.length > 1,
    ...(host.ssh && { ssh: host.ssh }),
    ...(host.ssh && (host.directory ? { directory: host.directory } : { releases: host.releases })),
    ...(host.stack_environment && { stackEnvironment: host.stack_environment }),
    ...(host.machine && { machine: host.machine }),
    ...(host.volume && { volume: host.volume }),
    ...(cutover && {
      cutover: {
        stacks: cutover.stacks.map(absolute),
        retain: cutover.retain,
        ...(cutover.abort_window !== undefined && { abortWindow: cutover.abort_window }),
      },
    }),
  }
  return stack ? { ...base, stack: absolute(stack) } : base
}

/** A name means nothing: what is asked about, or is others' too, is where a mistake would hurt. */
const isPrecious = ({ confirm }: ConfigFile['environments'][string], { shared }: Host): boolean =>
  confirm || shared === true

const toPolicy = (environment: ConfigFile['environments'][string], host: Host): Policy => {
  const { out_of_order, warnings, ...policy } = environment.policy
  return {
    outOfOrder: out_of_order,
    ...policy,
    warnings: warnings ?? (isPrecious(environment, host) ? 'refuse' : 'allow'),
  }
}

/** Other environments whose policy refuses lint's warnings. */
const strictBeside = (config: Config, name: string): string[] =>
  Object.entries(config.environments)
    .filter(([other]) => other !== name)
    .filter(([, other]) => toPolicy(other, hostOf(config, other)).warnings === 'refuse')
    .map(([other]) => other)

const hostOf = (config: Config, { host }: ConfigFile['environments'][string]): Host =>
  host ? resolveHost(config, host) : { name: 'local' }

/**
 * The environment of that name, with its host and its databases (all, or those of `--db`).
 * @throws AppError (exit 2) for an unknown name, with the nearest match.
 */
export const resolveEnvironment = (
  config: Config,
  name: string,
  only: readonly string[] = [],
): Environment => {
  const environment = pick('environment', name, config.environments)
  const { network, lock_timeout, suffix, auth, server, ...given } = environment
  const host = hostOf(config, environment)
  const { engine, confirm, service, port, user, maintenance, wait } = given
  return {
    name,
    host,
    engine,
    network: engine === 'docker' || engine === 'swarm' ? (network ?? '') : '',
    ...(server && { server: describeServer(server) }),
    confirm,
    policy: toPolicy(environment, host),
    rehearse: environment.rehearse ?? (isPrecious(environment, host) ? 'schema' : 'off'),
    strictBeside: strictBeside(config, name),
    ...(service && { service }),
    port,
    user,
    maintenance,
    ...(auth === 'any' && { auth }),
    wait,
    lockTimeout: lock_timeout,
    ...resolveManaged(config, { environment: name, suffix, only }),
  }
}

/** Absolute; nothing where the PATH has it. */
export const dbmateBinary = ({ directory, dbmate: { binary } }: Config): string | undefined =>
  binary && resolve(directory, binary)

export const dbmateImage = ({ dbmate: { image, digest } }: Config): string =>
  digest ? `${image}@${digest}` : image

/** Names of the environments whose Postgres is a container on this host, in the config's order. */
export const hostEnvironments = (config: Config, host: string): string[] =>
  Object.keys(config.environments).filter((name) => {
    const environment = config.environments[name]
    return environment?.host === host && environment.engine !== 'swarm' && !environment.server
  })

/**
 * For verbs that act on a host's stack and volume.
 * @throws AppError (exit 2) for an environment, or a host of environments, whose Postgres is only known by its address, or is a
 * service of a swarm.
 */
export const requireVolumeHere = (config: Config, named: string): void => {
  const { environments, hosts } = config
  const members = Object.keys(environments).filter((name) =>
    Object.hasOwn(hosts, named) ? environments[name]?.host === named : name === named,
  )
  const [found] = members.flatMap((name) => {
    const { server, engine, service } = environments[name] ?? {}
    const without = engine === 'native' ? ', and its engine is native: no Docker is asked' : ''
    if (server) return [{ name, where: describeServer(server), without }]
    const moves = ', and whoever starts, stops and wipes it needs one machine'
    return engine === 'swarm' ? [{ name, where: `the service ${service} of a swarm`, without: moves }] : []
  })
  if (found === undefined || hostEnvironments(config, named).length > 0) return
  throw usageError(
    `Postgres of ${found.name} is ${found.where}: it has no volume here, and no stack${found.without}.`,
    `po-migrate doctor ${found.name}`,
  )
}

/** Names on the server of every database that environments of this host manage. */
export const managedOn = (config: Config, host: string): string[] => [
  ...new Set(
    hostEnvironments(config, host).flatMap((name) =>
      resolveEnvironment(config, name).databases.map(({ database }) => database),
    ),
  ),
]

export const hostNetworks = (config: Config, host: string): string[] => [
  ...new Set(
    Object.values(config.environments)
      .filter(({ host: home, engine, server }) => home === host && engine !== 'swarm' && !server)
      .flatMap(({ network }) => network ?? []),
  ),
]
