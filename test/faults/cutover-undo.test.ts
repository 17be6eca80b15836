import { describe, expect, test } from 'vitest'
import { undoSteps } from '../support/faults/cutover-steps.ts'
import { useVps } from '../support/faults/use-victim.ts'
import { cutOver, killIn, newest, reportCell, settle } from '../support/faults/victim.ts'

/** `--resume` finishes the undoing; `--undo` takes it back, to what the cutover had made. */
const ways = { resume: 'expectOld', undo: 'expectNew' } as const

const victim = useVps()

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
