import { describe, test } from 'vitest'
import { undoSteps } from '../../support/faults/cutover-steps.ts'
import { engineCells, strikeEngine } from '../../support/faults/outage.ts'
import { useVps } from '../../support/faults/use-victim.ts'

const victim = useVps()

describe('dockerd under cutover vps --undo', { timeout: 1_200_000 }, () => {
  test.for(engineCells(undoSteps))(
    '$outage in $name: it ends by itself, and --$way ends in a healthy platform with the right data',
    ({ step, outage, way }) =>
      strikeEngine(victim, { strike: { of: '--undo', step, after: 200 }, outage, way }),
  )
})
