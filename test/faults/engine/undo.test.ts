import { afterAll, beforeAll, describe, test } from 'vitest'
import { undoSteps } from '../../support/faults/cutover-steps.ts'
import { engineCells, strikeEngine } from '../../support/faults/outage.ts'
import { type Victim, victimOf } from '../../support/faults/victim.ts'
import { makePlatform, type Platform } from '../../support/platform/platform.ts'

let platform: Platform
let victim: Victim
beforeAll(async () => {
  platform = await makePlatform({ small: true })
  victim = await victimOf(platform)
}, 600_000)
afterAll(() => platform[Symbol.asyncDispose]())

describe('dockerd under cutover vps --undo', { timeout: 1_200_000 }, () => {
  test.for(engineCells(undoSteps))(
    '$outage in $name: it ends by itself, and --$way ends in a healthy platform with the right data',
    ({ step, outage, way }) =>
      strikeEngine(victim, { strike: { of: '--undo', step, after: 200 }, outage, way }),
  )
})
