import { describe, expect, test } from 'vitest'
import { cutOver, devVictim, strikeAndLeave, victimOf } from '../../support/faults/victim.ts'
import { makePlatform } from '../../support/platform/platform.ts'

/** Part of `make test-faults`: the two steps between which the data are on one volume only, on a laptop and on the VPS. */
describe('a cutover that is killed', { timeout: 600_000 }, () => {
  test('SIGKILL in the copy of cutover dev, and in its migrations: both ways out', async () => {
    await using victim = await devVictim()
    await strikeAndLeave(victim, { strike: { step: 1, after: 300 }, way: 'undo' })
    await strikeAndLeave(victim, { strike: { step: 4, after: 300 }, way: 'resume' })
  })

  test('SIGKILL in the wipe of cutover vps, and in its start: both ways out, and a detached run that is looked at', async () => {
    await using platform = await makePlatform({ small: true })
    const victim = await victimOf(platform)
    await strikeAndLeave(victim, { strike: { step: 7, after: 0 }, way: 'undo' })
    await strikeAndLeave(victim, { strike: { step: 8, after: 500 }, way: 'resume' })
    const shown = await cutOver({ ...victim, confirm: '' }, '--attach')
    expect(shown.exit, shown.stderr).toBe(0)
    expect(shown.stdout).toContain('vps: cutover done.')
  })
})
