import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readEvents } from '../support/events.ts'
import { makePlatform, type Platform } from '../support/platform.ts'

let platform: Platform
beforeAll(async () => {
  platform = await makePlatform()
})
afterAll(() => platform[Symbol.asyncDispose]())

describe('cutover vps', () => {
  it('is refused without exactly the confirmation, at once and with nothing touched', async () => {
    const before = await platform.fingerprint()
    for (const args of ['cutover vps', 'cutover vps --confirm y', 'cutover vps --confirm YES'])
      expect(await platform.tool(args)).toMatchObject({
        exit: 4,
        stderr: expect.stringContaining('→ po-migrate cutover vps --confirm yes'),
      })
    expect(await platform.fingerprint()).toBe(before)
    expect(await platform.copies()).toEqual([])
  })

  it('makes qual and prod anew and brings along what no migration rebuilds', async () => {
    const before = await platform.fingerprint()
    const containers = await platform.containers()
    const result = await platform.tool('cutover vps --json', { env: { CONFIRM: 'yes' } })
    expect(result.stderr).toBe('')
    const { steps } = readEvents(result)
    if (process.env.PO_SHOW) console.log(steps.map(({ kind, ms }) => `${kind} ${ms}`).join('\n'))
    expect(steps.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'back-up done',
      'stop-stack done',
      'stop-stack done',
      'check-writes done',
      'stop-stack done',
      'copy-volume done',
      'wipe-volume done',
      'start-stack done',
      'carry-roles done',
      'migrate done',
      'migrate done',
      'carry-database done',
      'carry-settings done',
      'verify done',
      'verify done',
      'start-containers done',
      'start-containers done',
      'discard-copies done',
    ])
    await platform.healthy()
    expect(await platform.containers()).toEqual(containers)
    expect(await platform.fingerprint()).toBe(before)
    expect(await platform.managedRows()).toBe('no table')
    expect(await platform.tool('status qual prod --exit-code')).toMatchObject({ exit: 0 })
    expect(await platform.leftovers()).toBe('')
  })

  it('is undone, with every row, to the same containers, and the undoing is undone', async () => {
    const containers = await platform.containers()
    expect(await platform.tool('cutover vps --undo')).toMatchObject({ exit: 4 })
    expect(await platform.managedRows()).toBe('no table')
    expect(await platform.tool('cutover vps --undo --confirm yes')).toMatchObject({ exit: 0 })
    await platform.healthy()
    expect(await platform.managedRows()).toBe('before')
    expect(await platform.containers()).toEqual(containers)
    expect(await platform.tool('cutover vps --undo --confirm yes')).toMatchObject({ exit: 0 })
    await platform.healthy()
    expect(await platform.managedRows()).toBe('no table')
    expect(await platform.tool('status qual prod --exit-code')).toMatchObject({ exit: 0 })
  })
})
