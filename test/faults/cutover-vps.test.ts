import { describe, test } from 'vitest'
import { vpsSteps } from '../support/faults/cutover-steps.ts'
import { useDurations, useVps } from '../support/faults/use-victim.ts'
import { strikeAndLeave } from '../support/faults/victim.ts'

const moments = ['before', 'during'] as const
const ways = ['undo', 'resume'] as const

const victim = useVps()
const durations = useDurations(victim)

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
