export type Random = () => number

/** mulberry32: small, and the same everywhere. */
export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

export const chance = (random: Random, probability: number): boolean => random() < probability

export const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!
