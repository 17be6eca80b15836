import { describe, expect, it } from 'vitest'
import { planStart } from '../../../src/plan/start.ts'

const stack = { file: '/compose/shared.yml', project: 'po-shared' }

describe('start plans', () => {
  it('what is missing outside the stack first, then the stack', () => {
    const plan = planStart({
      host: { name: 'vps', stack },
      missingNetworks: ['net-a', 'net-b'],
      missingVolume: 'vol',
    })
    expect(plan).toEqual({
      version: 1,
      command: 'start',
      environment: 'vps',
      steps: [
        { kind: 'create-network', network: 'net-a' },
        { kind: 'create-network', network: 'net-b' },
        { kind: 'create-volume', volume: 'vol' },
        { kind: 'start-stack', stack },
      ],
    })
  })

  it('only the stack where the rest is there', () => {
    const host = { name: 'vps', stack }
    const { steps } = planStart({ host, missingNetworks: [], missingVolume: undefined })
    expect(steps).toEqual([{ kind: 'start-stack', stack }])
  })

  it('nothing for a host without a stack: that is an error of the config, and says which key', () => {
    const world = { host: { name: 'laptop' }, missingNetworks: [], missingVolume: undefined }
    expect(() => planStart(world)).toThrow(
      expect.objectContaining({ exitCode: 2, hint: 'set hosts.laptop.stack in the config' }),
    )
  })
})
