import { usageError } from '../errors.ts'
import type { Environment } from '../model/types.ts'

/** @throws AppError (exit 2) for an environment on the embedded engine, which one process has alone. */
export const requireServer = ({ name, engine }: Environment, verb: string): void => {
  if (engine !== 'embedded') return
  throw usageError(
    `${name} runs on the embedded engine, which has no ${verb}.`,
    'name an environment with engine: docker',
    ['Its data is for trials: a directory below the state directory.'],
  )
}

/** @throws AppError (exit 2) for an environment whose engine has no Docker. */
export const requireDocker = (environment: Environment, verb: string): void => {
  requireServer(environment, verb)
  if (environment.engine !== 'native') return
  throw usageError(
    `${verb} needs Docker, and ${environment.name} runs on the native engine, which has none.`,
    'run it where Docker is, with engine: docker and the same server: in the config',
    ["It works with Postgres' own tools, or on a scratch server: both are containers."],
  )
}
