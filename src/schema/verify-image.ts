import type { Config } from '../config/load.ts'
import { resolveEnvironment } from '../config/resolve.ts'
import { AppError, usageError } from '../errors.ts'
import { readDatabaseService } from '../io/docker/compose-parts.ts'
import type { DockerHost } from '../io/docker/host.ts'
import { findPostgres } from '../io/docker/postgres-container.ts'
import { findService, readServiceImage } from '../io/swarm/find-postgres.ts'
import type { Environment } from '../model/types.ts'

/** An image, and the environment whose it is. */
export type FoundImage = { image: string; environment: Environment }

/** What its stack, or its service, would run; else what runs. */
const imageOf = async (host: DockerHost, config: Config, environment: Environment): Promise<string> => {
  const { stack, volume } = environment.host
  const { service } = environment
  const passEnv = config.compose.pass_env
  if (environment.engine === 'swarm') return readServiceImage(await findService(host.client, environment))
  if (stack) return (await readDatabaseService(host, { stack, passEnv, service, volume })).image
  return (await findPostgres(host.client, environment)).image
}

const onDocker = (config: Config): Environment[] =>
  Object.keys(config.environments)
    .map((name) => resolveEnvironment(config, name))
    .filter(({ engine, server }) => engine === 'docker' || (engine === 'swarm' && !server))

/** @throws AppError (exit 2) where no environment is of the docker engine: none is looked for then. */
export const requireSomeDocker = (config: Config): void => {
  if (onDocker(config).length > 0) return
  const engines = Object.entries(config.environments).map(
    ([name, { engine }]) => `${name}: engine: ${engine}`,
  )
  throw usageError(
    'verify needs Docker for its scratch server, and no environment says which image its Postgres runs.',
    'po-migrate verify --engine embedded, or where Docker is: po-migrate verify --image postgres:17',
    engines,
  )
}

/**
 * The image of the first environment that tells one, by its stack's compose file or by the server that runs.
 * @throws AppError (exit 2) where none does.
 */
export const findImage = async (host: DockerHost, config: Config): Promise<FoundImage> => {
  const details: string[] = []
  for (const environment of onDocker(config)) {
    try {
      return { environment, image: await imageOf(host, config, environment) }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      details.push(`${environment.name}: ${error.message}`)
    }
  }
  throw usageError(
    'No environment tells which image its Postgres runs.',
    'po-migrate verify --image postgres:17, or without Docker: po-migrate verify --engine embedded',
    details,
  )
}
