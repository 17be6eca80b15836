import { describe, test } from 'vitest'
import { devSteps } from '../../support/faults/cutover-steps.ts'
import { engineCells, strikeEngine } from '../../support/faults/outage.ts'
import { useDev, useDurations } from '../../support/faults/use-victim.ts'

const victim = useDev()
const durations = useDurations(victim)

describe('dockerd under cutover dev', { timeout: 1_200_000 }, () => {
  test.for(engineCells(devSteps))(
    '$outage in $name: it ends by itself, and --$way ends in a healthy stack with the right data',
    ({ step, outage, way }) =>
      strikeEngine(victim, { strike: { step, after: (durations[step] ?? 0) / 2 }, outage, way }),
  )
})
