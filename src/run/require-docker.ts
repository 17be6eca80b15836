import { usageError } from '../errors.ts'
import type { Environment } from '../model/types.ts'

/** @throws AppError (exit 2) for an environment on the embedded engine. */
export const requireDocker = ({ name, engine }: Environment, verb: string): void => {
  if (engine === 'docker') return
  throw usageError(
    `${name} runs on the embedded engine, which has no ${verb}.`,
    'name an environment with engine: docker',
    ['Its data is for trials: a directory below the state directory.'],
  )
}
