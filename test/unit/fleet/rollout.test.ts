import { describe, expect, it } from 'vitest'
import { gateOf, type Rolled, tellStops, wavesOf } from '../../../src/fleet/rollout.ts'
import type { Step } from '../../../src/model/step.ts'
import { managedDatabase, memberDatabase } from '../support/fixtures.ts'

const databases = ['t1', 't2', 't3', 't4', 't5']
const rolled = (rollout: Partial<Rolled['rollout']> = {}): Rolled => ({
  fleet: 'tenants',
  databases,
  rollout: { canary: 1, wave: 2, maxFailures: 1, ...rollout },
})

const inFleet = (key: string): Step => ({ kind: 'apply-migration', managed: memberDatabase(key) })
const named = (name: string): Step => ({ kind: 'apply-migration', managed: managedDatabase(name) })

/** Which of these steps may start once those databases failed. */
const started = (failed: (string | undefined)[], rollout = {}, continueOnError = false): string[] => {
  const gate = gateOf([rolled(rollout)], { continueOnError })
  return [...databases.map(inFleet), named('iam'), named('rag')].flatMap((step) =>
    gate(step, new Set(failed)) ? [] : (step.managed?.database ?? ''),
  )
}

describe('the portions of a fleet', () => {
  it('are the canary, then waves', () => {
    expect(wavesOf(rolled())).toEqual([['t1'], ['t2', 't3'], ['t4', 't5']])
    expect(wavesOf(rolled({ canary: 0, wave: 50 }))).toEqual([databases])
    expect(wavesOf(rolled({ canary: 9 }))).toEqual([databases])
  })
})

describe('a failure in a fleet', () => {
  it('of the canary lets nothing else start, anywhere', () => {
    expect(started(['t1'], { maxFailures: 9 })).toEqual([])
    expect(started(['t2'], { canary: 2, maxFailures: 9 })).toEqual([])
  })

  it('stops its own database alone, until as many failed as may', () => {
    expect(started(['t2'], { maxFailures: 2 })).toEqual(['t1', 't3', 't4', 't5', 'iam', 'rag'])
    expect(started(['t2', 't3'], { maxFailures: 2 })).toEqual([])
  })

  it('counts in the fleet also where the others go on', () => {
    expect(started(['t1'], {}, true)).toEqual(['iam', 'rag'])
    expect(started(['iam'], {}, true)).toEqual([...databases, 'rag'])
  })

  it('is not the failure of a named database, nor of a step about none, which stop everything', () => {
    expect(started(['iam'], { maxFailures: 9 })).toEqual([])
    expect(started([undefined], { maxFailures: 9 }, true)).toEqual([])
  })

  it('is told with the setting that stopped the rest', () => {
    expect(tellStops([rolled()], new Set(['t1']))).toEqual([expect.stringContaining('rollout.canary: 1')])
    expect(tellStops([rolled({ maxFailures: 2 })], new Set(['t2', 't3']))).toEqual([
      'tenants: no other database was begun after 2 failed (rollout.max_failures)',
    ])
    expect(tellStops([rolled({ maxFailures: 2 })], new Set(['t2']))).toEqual([])
  })
})
