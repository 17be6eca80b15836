import { afterAll, beforeAll, describe, test } from 'vitest'
import { devSteps } from '../../support/faults/cutover-steps.ts'
import { engineCells, strikeEngine } from '../../support/faults/outage.ts'
import { devVictim, rehearseSteps, type Victim } from '../../support/faults/victim.ts'

let victim: Victim & AsyncDisposable
let durations: number[]
beforeAll(async () => {
  victim = await devVictim()
  durations = await rehearseSteps(victim)
}, 600_000)
afterAll(() => victim[Symbol.asyncDispose]())

describe('dockerd under cutover dev', { timeout: 1_200_000 }, () => {
  test.for(engineCells(devSteps))(
    '$outage in $name: it ends by itself, and --$way ends in a healthy stack with the right data',
    ({ step, outage, way }) =>
      strikeEngine(victim, { strike: { step, after: (durations[step] ?? 0) / 2 }, outage, way }),
  )
})
