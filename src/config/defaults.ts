import { defaultNetwork } from './compose-project.ts'
import type { Config, Variables } from './load.ts'
import { composeDefault } from './schema/environment.ts'
import { localHost, plainHost } from './schema/host.ts'

type EnvironmentFile = Config['environments'][string]

/** This machine as a host, and compose's own network, for what an environment leaves out. */
const complete = (environment: EnvironmentFile, config: Config, env: Variables): EnvironmentFile => {
  if (environment.engine === 'embedded') return environment
  const { host = localHost, network, server } = environment
  // A process has no network, and a swarm's service tells its own.
  if (environment.engine === 'native' || environment.engine === 'swarm') return { ...environment, host }
  const isDefault = server ? network === composeDefault : (network ?? composeDefault) === composeDefault
  if (!isDefault) return { ...environment, host }
  return { ...environment, host, network: defaultNetwork(config, config.hosts[host]?.stack, env) }
}

/** The config with everything that it leaves to the project and the machine: whoever reads it asks for no default. */
export const withDefaults = (config: Config, env: Variables): Config => {
  const environments = Object.fromEntries(
    Object.entries(config.environments).map(([name, environment]) => [
      name,
      complete(environment, config, env),
    ]),
  )
  const isLocal = Object.values(environments).some(({ host }) => host === localHost)
  const local = isLocal && !config.hosts[localHost] ? { [localHost]: plainHost } : {}
  return { ...config, environments, hosts: { ...config.hosts, ...local } }
}
