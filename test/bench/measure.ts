import type { Runner } from './runners.ts'
import type { World } from './world.ts'

/** Milliseconds. */
export type Times = { median: number; least: number; most: number; rounds: number }

export type Row = {
  what: string
  /** By runner. */
  times: Record<string, Times>
  /** Of the first runner's time by that of another: of the medians, and of one round at its least and its most. */
  ratios: Record<string, { median: number; least: number; most: number }>
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const spread = (values: readonly number[]) => ({
  median: median(values),
  least: Math.min(...values),
  most: Math.max(...values),
})

const timed = async (work: () => Promise<void>): Promise<number> => {
  const started = performance.now()
  await work()
  return performance.now() - started
}

export type Case = {
  what: string
  world: World
  runners: readonly [Runner, ...Runner[]]
  rounds: number
  /** Before each call. */
  before?: (world: World, runner: Runner) => Promise<void> | void
  /** How many files have to be applied after it. */
  expected?: () => number
}

/** The runners in turn, since a shared machine has good and bad minutes: what counts is their ratio. */
export const measure = async ({ what, world, runners, rounds, before, expected }: Case): Promise<Row> => {
  const times = new Map(runners.map(({ name }) => [name, [] as number[]]))
  for (let round = 0; round < rounds; round++)
    for (const runner of round % 2 === 0 ? runners : runners.toReversed()) {
      await before?.(world, runner)
      times.get(runner.name)?.push(await timed(() => runner.run(world)))
      const found = expected && (await world.applied())
      if (expected && found !== expected())
        throw new Error(`${what}: ${runner.name} left ${found} files applied, not ${expected()}`)
    }
  const [first] = runners
  const own = times.get(first.name) ?? []
  const others = [...times].filter(([name]) => name !== first.name)
  return {
    what,
    times: Object.fromEntries(
      [...times].map(([name, all]) => [name, { ...spread(all), rounds: all.length }]),
    ),
    ratios: Object.fromEntries(
      others.map(([name, all]) => [
        name,
        {
          ...spread(own.map((ms, index) => ms / (all[index] ?? Number.NaN))),
          median: median(own) / median(all),
        },
      ]),
    ),
  }
}
