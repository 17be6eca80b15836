import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { killDaemon } from './engine.ts'
import { beginStrike, cutOver, newest, reportCell, type Strike, settle, type Victim } from './victim.ts'
import { bounded } from './world.ts'

/** What becomes of dockerd: killed and started again at once, or down until the run has ended. */
export const outages = ['killed', 'stopped'] as const
export type Outage = (typeof outages)[number]

/** The longest that a run may take from the strike on. */
const longest = 240_000

/** Kills dockerd, and answers how the run ended and after how many milliseconds; dockerd is up again then. */
export const endWithout = async <T>(outage: Outage, ended: Promise<T>): Promise<T & { took: number }> => {
  const since = Date.now()
  const over = ended.then((end) => ({ ...end, took: Date.now() - since }))
  const restart = await killDaemon()
  if (outage === 'killed') await restart()
  try {
    return await bounded('the run to end by itself', longest, over)
  } finally {
    if (outage === 'stopped') await restart()
  }
}

const isHealthy = async (expected: () => Promise<void>): Promise<void> => {
  // What a restart of dockerd starts again takes its time.
  for (let tries = 30; ; tries--)
    try {
      await expected()
      return
    } catch (error) {
      if (tries === 0) throw error
      await sleep(1000)
    }
}

/** To where an undoing begins: by a cutover once, later by taking back the last undoing, which is much quicker. */
const cutOverAgain = async (victim: Victim): Promise<void> => {
  const position = newest(victim)
  if (!position || position.outcome === undefined) await cutOver(victim, position && '--undo')
  try {
    await victim.expectNew()
  } catch {
    await cutOver(victim, '--undo')
    await victim.expectNew()
  }
}

export type EngineStrike = { strike: Strike; outage: Outage; way: 'resume' | 'undo' }

/** dockerd dies in a step: the run ends by itself with a sentence and both commands, and the given way out leads where it says. */
export const strikeEngine = async (victim: Victim, { strike, outage, way }: EngineStrike): Promise<void> => {
  const isUndo = strike.of !== undefined
  await isHealthy(() => (isUndo ? cutOverAgain(victim) : settle(victim)))
  const { key, tool } = await beginStrike(victim, strike)
  const ended = await endWithout(outage, tool.ended)
  const [resumed, undone] = isUndo
    ? [victim.expectOld, victim.expectNew]
    : [victim.expectNew, victim.expectOld]
  const name = `${victim.host}${isUndo ? ' --undo' : ''}`
  const report = (left: string): void =>
    reportCell([name, outage, key, strike.after, left, ended.exit, ended.took])
  if (newest(victim)?.outcome === 'done') {
    await isHealthy(resumed)
    return report('done')
  }
  const told = `${key}: exit ${ended.exit}: ${ended.stderr}`
  expect([1, 6], told).toContain(ended.exit)
  expect(ended.stderr, told).not.toMatch(/Unexpected|undefined|\[object/)
  expect(ended.stderr, told).toContain(`po-migrate cutover ${victim.host} --resume`)
  expect(ended.stderr, told).toContain(`po-migrate cutover ${victim.host} --undo`)
  const left = await cutOver(victim, `--${way}`)
  expect(left.exit, `${way} after ${key}: ${left.stderr}`).toBe(0)
  await isHealthy(way === 'resume' ? resumed : undone)
  report(way)
}

/** Each step in each outage first: a pass that is cut off has seen all of them. */
export const engineCells = (steps: readonly string[]) =>
  (
    [
      ['killed', 'resume'],
      ['stopped', 'undo'],
      ['killed', 'undo'],
      ['stopped', 'resume'],
    ] as const
  ).flatMap(([outage, way]) => steps.map((name, step) => ({ name, step, outage, way })))
