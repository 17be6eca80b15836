import { describe, expect, it } from 'vitest'
import { compareOrder, type Ordered } from '../../../src/model/order.ts'

describe('the order of runs', () => {
  it('is their count, whatever their dates; those without one come first, by their dates', () => {
    const runs: Ordered[] = [
      { run: '2020', sequence: 12 },
      { run: '2030' },
      { run: '2025', sequence: 2 },
      { run: '2029' },
    ]
    const sorted = [...runs].sort(compareOrder).map(({ run }) => run)
    expect(sorted).toEqual(['2029', '2030', '2025', '2020'])
    expect(
      runs
        .toReversed()
        .sort(compareOrder)
        .map(({ run }) => run),
    ).toEqual(sorted)
    expect(compareOrder({ run: 'a', sequence: 1 }, { run: 'a', sequence: 1 })).toBe(0)
  })
})
