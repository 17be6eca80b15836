import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { fewAtATime } from '../../../src/model/few-at-a-time.ts'

describe('work on many things', () => {
  it('is done in their order, and never on more at once than told', async () => {
    let underWay = 0
    let most = 0
    const work = async (item: number): Promise<number> => {
      most = Math.max(most, ++underWay)
      await sleep((7 * item) % 5)
      underWay--
      return item * 2
    }
    const items = Array.from({ length: 20 }, (_, index) => index)
    expect(await fewAtATime(items, work, 3)).toEqual(items.map((item) => item * 2))
    expect(most).toBe(3)
  })

  it('ends with the first error', async () => {
    await expect(fewAtATime([1, 2], () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  })

  it('is none where there is nothing', async () => {
    expect(await fewAtATime([], () => Promise.resolve(1))).toEqual([])
  })
})
