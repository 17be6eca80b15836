import { afterAll, beforeAll } from 'vitest'
import { makePlatform } from '../platform/platform.ts'
import { devVictim, rehearseSteps, type Victim, victimOf } from './victim.ts'

const openWithin = 600_000

const useVictim = (open: () => Promise<Victim & AsyncDisposable>): Victim => {
  const victim = {} as Victim & AsyncDisposable
  beforeAll(async () => {
    Object.assign(victim, await open())
  }, openWithin)
  afterAll(() => victim[Symbol.asyncDispose]())
  return victim
}

/** A laptop's stack for all tests of a file. */
export const useDev = (): Victim => useVictim(devVictim)

/** A VPS of three stacks for all tests of a file. */
export const useVps = (): Victim =>
  useVictim(async () => {
    const platform = await makePlatform({ small: true })
    return { ...(await victimOf(platform)), [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose]() }
  })

/** Milliseconds that each step of its cutover takes when nothing strikes; they are there once tests run. */
export const useDurations = (victim: Victim): readonly number[] => {
  const durations: number[] = []
  beforeAll(async () => {
    durations.push(...(await rehearseSteps(victim)))
  }, openWithin)
  return durations
}
