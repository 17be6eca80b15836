import { expect, it } from 'vitest'
import { openTurns } from '../../../src/run/turns.ts'

/** Ends when it is told to, and writes down that it began and ended. */
const work = (name: string, told: string[]) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const start = async (): Promise<string> => {
    told.push(`${name} begins`)
    await promise
    told.push(`${name} ends`)
    return name
  }
  return { start, end: resolve }
}

const settled = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve))

it('lets all work side by side that share', async () => {
  const told: string[] = []
  const turns = openTurns()
  const [a, b] = [work('a', told), work('b', told)]
  const both = [turns.share(a.start), turns.share(b.start)]
  await settled()
  expect(told).toEqual(['a begins', 'b begins'])
  expect(turns.wereShared()).toBe(true)
  b.end()
  a.end()
  expect(await Promise.all(both)).toEqual(['a', 'b'])
})

it('begins what works alone when all others have ended, and lets nothing begin until it has', async () => {
  const told: string[] = []
  const turns = openTurns()
  const [a, b, c, d] = [work('a', told), work('b', told), work('c', told), work('d', told)]
  const all = [turns.share(a.start), turns.alone(b.start), turns.share(c.start), turns.alone(d.start)]
  await settled()
  expect(told).toEqual(['a begins'])
  a.end()
  await settled()
  expect(told).toEqual(['a begins', 'a ends', 'b begins'])
  b.end()
  await settled()
  expect(told.slice(3)).toEqual(['b ends', 'c begins'])
  c.end()
  d.end()
  await Promise.all(all)
  expect(told.slice(5)).toEqual(['c ends', 'd begins', 'd ends'])
})

it('goes on behind what fails', async () => {
  const turns = openTurns()
  const fail = () => Promise.reject(new Error('no'))
  const first = turns.share(fail)
  const second = turns.alone(fail)
  await expect(first).rejects.toThrow('no')
  await expect(second).rejects.toThrow('no')
  expect(await turns.share(async () => 'on')).toBe('on')
  expect(await turns.alone(async () => 'on')).toBe('on')
  expect(turns.wereShared()).toBe(false)
})
