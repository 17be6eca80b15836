import { afterAll, beforeAll, describe, test } from 'vitest'
import { vpsSteps } from '../support/faults/cutover-steps.ts'
import { rehearseSteps, strikeAndLeave, type Victim, victimOf } from '../support/faults/victim.ts'
import { makePlatform, type Platform } from '../support/platform/platform.ts'

const moments = ['before', 'during'] as const
const ways = ['undo', 'resume'] as const

let platform: Platform
let victim: Victim
let durations: number[]
beforeAll(async () => {
  platform = await makePlatform({ small: true })
  victim = await victimOf(platform)
  durations = await rehearseSteps(victim)
}, 400_000)
afterAll(() => platform[Symbol.asyncDispose]())

describe('SIGKILL of cutover vps', { timeout: 900_000 }, () => {
  const cells = vpsSteps.flatMap((name, step) =>
    moments.flatMap((moment) => ways.map((way) => ({ name, step, moment, way }))),
  )
  test.for(cells)('$moment $name: --$way ends in a healthy platform with the right data', async (cell) => {
    const { step, moment, way } = cell
    const after = moment === 'before' ? 0 : (durations[step] ?? 0) / 2
    await strikeAndLeave(victim, { strike: { step, after }, way })
  })
})
