import { needFakeTime } from './clock.ts'
import { type CutoverOperation, generateCutovers } from './cutover-operation.ts'
import { type CutoverWorld, makeCutoverWorld } from './cutover-world.ts'
import { generate } from './generate.ts'
import type { Operation } from './operation.ts'
import { play } from './play.ts'
import { playCutovers } from './play-cutovers.ts'
import { shrink } from './shrink.ts'
import { Violation } from './violation.ts'
import { makeWorld, type World } from './world.ts'

export type Sequence =
  | { of: 'migrations'; operations: readonly Operation[] }
  | { of: 'cutovers'; operations: readonly CutoverOperation[] }

/** Cutovers take longest. */
const cutoversEvery = 10

/** One seed is one sequence. */
export const sequenceOf = (seed: number): Sequence =>
  seed % cutoversEvery === 0
    ? { of: 'cutovers', operations: generateCutovers(seed) }
    : { of: 'migrations', operations: generate(seed) }

/** Servers and directories in which one sequence after the other is played. */
export type Lane = AsyncDisposable & { world: World; cutovers: CutoverWorld }

export const openLane = async (bundle: string): Promise<Lane> => {
  const tool = { bundle, faketime: await needFakeTime() }
  const world = await makeWorld(tool)
  const cutovers = makeCutoverWorld(tool)
  return {
    world,
    cutovers,
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]()
      await cutovers[Symbol.asyncDispose]()
    },
  }
}

export type Failed = { number: number; error: Error }

/** undefined: after each operation, what was said was what is. */
export const playIn = (lane: Lane, { of, operations }: Sequence): Promise<Failed | undefined> =>
  of === 'cutovers' ? playCutovers(lane.cutovers, operations) : play(lane.world, operations)

const describe = (operations: readonly unknown[], { number, error }: Failed): string => {
  const what = error instanceof Violation ? error.message : (error.stack ?? error.message)
  return [
    `operation ${number}: ${what}`,
    ...operations.map((one, index) => `  ${index}: ${JSON.stringify(one)}`),
  ].join('\n')
}

/** @throws with the failure, and with the shortest sequence that was found to fail. */
export const requireTruth = async (lane: Lane, { of, operations }: Sequence): Promise<void> => {
  const failed = await playIn(lane, { of, operations } as Sequence)
  if (!failed) return
  const replay = async (shorter: readonly (Operation | CutoverOperation)[]): Promise<number | undefined> =>
    (await playIn(lane, { of, operations: shorter } as Sequence))?.number
  const short = await shrink<Operation | CutoverOperation>(operations, { failedAt: failed.number, replay })
  throw new Error(
    `${describe(operations.slice(0, failed.number + 1), failed)}\nshortest that failed too:\n${short.map((one) => `  ${JSON.stringify(one)}`).join('\n')}`,
  )
}
