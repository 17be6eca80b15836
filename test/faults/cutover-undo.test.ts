import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { undoSteps } from '../support/faults/cutover-steps.ts'
import {
  cutOver,
  killIn,
  newest,
  reportCell,
  settle,
  type Victim,
  victimOf,
} from '../support/faults/victim.ts'
import { makePlatform, type Platform } from '../support/platform/platform.ts'

/** `--resume` finishes the undoing; `--undo` takes it back, to what the cutover had made. */
const ways = { resume: 'expectOld', undo: 'expectNew' } as const

let platform: Platform
let victim: Victim
beforeAll(async () => {
  platform = await makePlatform({ small: true })
  victim = await victimOf(platform)
}, 400_000)
afterAll(() => platform[Symbol.asyncDispose]())

describe('SIGKILL of cutover vps --undo', { timeout: 900_000 }, () => {
  const cells = undoSteps.flatMap((name, step) =>
    (['resume', 'undo'] as const).map((way) => ({ name, step, way })),
  )
  test.for(cells)('$name: --$way ends in a healthy platform with the right data', async ({ step, way }) => {
    await settle(victim)
    const done = await cutOver(victim)
    expect(done.exit, done.stderr).toBe(0)
    const key = await killIn(victim, { of: '--undo', step, after: 200 })
    const since = Date.now()
    // It may have been through sooner than it was killed.
    if (way === 'undo' || newest(victim)?.outcome !== 'done') {
      const ended = await cutOver(victim, `--${way}`)
      expect(ended.exit, `${way} after ${key}: ${ended.stderr}`).toBe(0)
    }
    await victim[ways[way]]()
    reportCell(['vps --undo', key, 200, way, Date.now() - since])
  })
})
