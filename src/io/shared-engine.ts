import type { Engine } from './engine.ts'

/** An engine whose Postgres others may use too. */
export type SharedEngine = Engine & Required<Pick<Engine, 'shared' | 'lockSession'>>

/** @throws whatever stands in the way of sharing. */
export const requireShared = (engine: Engine): SharedEngine => {
  const { shared, lockSession, unshared } = engine
  if (!shared || !lockSession) throw unshared ?? new Error('this engine shares nothing')
  return { ...engine, shared, lockSession }
}
