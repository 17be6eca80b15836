import type { Engine } from './engine.ts'

/** An engine whose Postgres others may use too. */
export type SharedEngine = Engine & { shared: NonNullable<Engine['shared']> }

/** @throws whatever stands in the way of sharing. */
export const requireShared = (engine: Engine): SharedEngine => {
  const { shared, unshared } = engine
  if (!shared) throw unshared ?? new Error('this engine shares nothing')
  return { ...engine, shared }
}
