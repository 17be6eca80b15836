import { usageError } from '../errors.ts'
import type { Engine } from '../io/engine.ts'
import type { Environment } from '../model/types.ts'

/** An engine whose Postgres is a container that others may use too. */
export type SharedEngine = Engine & { shared: NonNullable<Engine['shared']> }

/** @throws AppError (exit 2) for an environment on the embedded engine. */
export const requireDocker = ({ name, engine }: Environment, verb: string): void => {
  if (engine === 'docker') return
  throw usageError(
    `${name} runs on the embedded engine, which has no ${verb}.`,
    'name an environment with engine: docker',
    ['Its data is for trials: a directory below the state directory.'],
  )
}

export const requireShared = (engine: Engine): SharedEngine => {
  const { shared } = engine
  if (!shared) throw new Error('this engine has no container')
  return { ...engine, shared }
}
