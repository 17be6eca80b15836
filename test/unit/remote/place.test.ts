import { describe, expect, it } from 'vitest'
import { requireElsewhere, runsHere } from '../../../src/remote/place.ts'
import { fakeTerminal } from '../support/fixtures.ts'

const vps = { name: 'vps', ssh: 'deploy@po-vps', machine: 'po-vps' }
const context = (hostname: string, env: Record<string, string> = {}) => ({
  ...fakeTerminal().context,
  hostname,
  env: { DOCKER_HOST: 'unix:///no/such/engine.sock', ...env },
})

describe('a verb runs in place', () => {
  it.each([
    { title: 'on a host without ssh', host: { name: 'dev' }, expected: true },
    { title: 'on the machine that is the host', hostname: 'po-vps', expected: true },
    { title: 'with --here', here: true, expected: true },
    { title: 'with PO_MIGRATE_HERE=1', env: { PO_MIGRATE_HERE: '1' }, expected: true },
    { title: 'with PO_MIGRATE_HERE=0: no', env: { PO_MIGRATE_HERE: '0' }, expected: false },
    { title: 'on another machine: no', expected: false },
    { title: 'on a machine that is called alike: no', hostname: 'po-vps2', expected: false },
  ])('$title', ({ host = vps, hostname = 'laptop', here = false, env = {}, expected }) => {
    expect(runsHere(host, here, context(hostname, env))).toBe(expected)
  })

  it('and goes to the other one where no Docker answers, since its network is not here', async () => {
    const place = { host: vps, networks: ['po-shared-network'] }
    await expect(requireElsewhere(place, 'up prod', context('laptop'))).resolves.toBeUndefined()
  })
})
