import { describe, expect, it } from 'vitest'
import { describeMoment, isAhead } from '../../../src/model/moment.ts'

const now = Date.parse('2026-11-22T12:00:00Z')
const minutes = (count: number): string => new Date(now + count * 60_000).toISOString()
const hours = (count: number): string => minutes(60 * count)

describe('a moment in words', () => {
  it.each([
    [minutes(-59), '0 h ago'],
    [hours(-5), '5 h ago'],
    [hours(-47.9), '47 h ago'],
    [hours(-48), '2 days ago'],
    [hours(-71.9), '2 days ago'],
    [hours(3), 'dated 3 h ahead of this clock'],
    [hours(24 * 365), 'dated 365 days ahead of this clock'],
    [minutes(0.5), '0 h ago'],
  ])('%s is %s', (at, words) => {
    expect(describeMoment(at, now)).toBe(words)
  })

  it('is ahead by more than clocks differ', () => {
    expect([minutes(-1), minutes(1), minutes(1.1)].map((at) => isAhead(at, now))).toEqual([
      false,
      false,
      true,
    ])
  })
})
