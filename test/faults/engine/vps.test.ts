import { describe, test } from 'vitest'
import { vpsSteps } from '../../support/faults/cutover-steps.ts'
import { engineCells, strikeEngine } from '../../support/faults/outage.ts'
import { useDurations, useVps } from '../../support/faults/use-victim.ts'

const victim = useVps()
const durations = useDurations(victim)

describe('dockerd under cutover vps', { timeout: 1_200_000 }, () => {
  test.for(engineCells(vpsSteps))(
    '$outage in $name: it ends by itself, and --$way ends in a healthy platform with the right data',
    ({ step, outage, way }) =>
      strikeEngine(victim, { strike: { step, after: (durations[step] ?? 0) / 2 }, outage, way }),
  )
})
