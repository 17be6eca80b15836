import { describe, expect, it } from 'vitest'
import { compareOrder, interleave, type Ordered } from '../../../src/model/order.ts'

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

const tell = (...stories: string[][]): string[] => interleave(stories, (told) => told.split(' ')[1] ?? '')

describe('several stories as one', () => {
  it('are told by their dates', () => {
    expect(tell(['a 1', 'b 4'], ['c 2', 'd 3'])).toEqual(['a 1', 'c 2', 'd 3', 'b 4'])
  })

  it('keep what each tells in its order, whatever the clock said', () => {
    expect(tell(['a 1', 'b 9', 'c 3'], ['d 2', 'e 4'])).toEqual(['a 1', 'd 2', 'b 9', 'c 3', 'e 4'])
    expect(tell(['a 9', 'b 1'])).toEqual(['a 9', 'b 1'])
  })

  it('keep the order of what bears one date', () => {
    expect(tell(['a 1', 'b 1'], ['c 1'])).toEqual(['a 1', 'b 1', 'c 1'])
  })
})
