import { afterAll, beforeAll, describe, test } from 'vitest'
import { vpsSteps } from '../../support/faults/cutover-steps.ts'
import { engineCells, strikeEngine } from '../../support/faults/outage.ts'
import { rehearseSteps, type Victim, victimOf } from '../../support/faults/victim.ts'
import { makePlatform, type Platform } from '../../support/platform/platform.ts'

let platform: Platform
let victim: Victim
let durations: number[]
beforeAll(async () => {
  platform = await makePlatform({ small: true })
  victim = await victimOf(platform)
  durations = await rehearseSteps(victim)
}, 600_000)
afterAll(() => platform[Symbol.asyncDispose]())

describe('dockerd under cutover vps', { timeout: 1_200_000 }, () => {
  test.for(engineCells(vpsSteps))(
    '$outage in $name: it ends by itself, and --$way ends in a healthy platform with the right data',
    ({ step, outage, way }) =>
      strikeEngine(victim, { strike: { step, after: (durations[step] ?? 0) / 2 }, outage, way }),
  )
})
