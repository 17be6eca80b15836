import { describe, test } from 'vitest'
import { devSteps } from '../support/faults/cutover-steps.ts'
import { useDev, useDurations } from '../support/faults/use-victim.ts'
import { strikeAndLeave } from '../support/faults/victim.ts'

const moments = ['before', 'during'] as const
const ways = ['undo', 'resume'] as const

const victim = useDev()
const durations = useDurations(victim)

describe('SIGKILL of cutover dev', { timeout: 600_000 }, () => {
  const cells = devSteps.flatMap((name, step) =>
    moments.flatMap((moment) => ways.map((way) => ({ name, step, moment, way }))),
  )
  test.for(cells)('$moment $name: --$way ends in a healthy stack with the right data', async (cell) => {
    const { step, moment, way } = cell
    const after = moment === 'before' ? 0 : (durations[step] ?? 0) / 2
    await strikeAndLeave(victim, { strike: { step, after }, way })
  })
})
