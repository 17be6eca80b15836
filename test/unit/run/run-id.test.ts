import { expect, it } from 'vitest'
import { makeRunId } from '../../../src/run/run-id.ts'

it('a run id is its UTC time and six random digits, sorts by time and fits an application_name', () => {
  const id = makeRunId(new Date('2026-11-22T18:58:32.999Z'))
  expect(id).toMatch(/^20261122T185832-[0-9a-f]{6}$/)
  expect(id < makeRunId(new Date('2026-11-22T18:58:33Z'))).toBe(true)
})

it('two runs of one second have two ids', () => {
  const now = new Date()
  expect(new Set(Array.from({ length: 50 }, () => makeRunId(now))).size).toBeGreaterThan(48)
})
