import { describe, expect, it } from 'vitest'
import { planPrune } from '../../../src/backup/plan/prune.ts'

const backups = (...held: readonly string[][]) =>
  held.map((databases, index) => ({ directory: String(index), databases }))

describe('pruning backups', () => {
  it.each<[string, { held: string[][]; retain: number; removed: string[] }]>([
    ['the oldest beyond those that stay', { held: [['a'], ['a'], ['a']], retain: 2, removed: ['0'] }],
    ['none while there are few', { held: [['a'], ['a']], retain: 2, removed: [] }],
    [
      'not the newest one that holds a managed database',
      { held: [['a', 'b'], ['a', 'b'], ['a'], ['a']], retain: 1, removed: ['0', '2'] },
    ],
    [
      'one that holds what is no longer managed',
      { held: [['gone'], ['a'], ['a']], retain: 2, removed: ['0'] },
    ],
    ['one that holds nothing that can be read', { held: [[], ['a'], ['a']], retain: 2, removed: ['0'] }],
  ])('removes %s', (_, { held, retain, removed }) => {
    expect(planPrune(backups(...held), { retain, managed: ['a', 'b'], keep: new Set() })).toEqual(removed)
  })

  it('leaves what a run made or needs, however old it looks', () => {
    const rule = { retain: 1, managed: ['a'], keep: new Set(['0']) }
    expect(planPrune(backups(['a'], ['a'], ['a']), rule)).toEqual(['1'])
  })
})
