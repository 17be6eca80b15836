import { describe, expect, it } from 'vitest'
import { jobsOf } from '../../../src/run/jobs.ts'

const base = {
  given: undefined,
  hasFleet: true,
  cores: 4,
  connections: 8,
  engine: { lockSession: () => Promise.reject(new Error('not asked')) },
}

describe('jobsOf', () => {
  it.each([
    ['a fleet', {}, 4],
    ['a fleet on many cores', { cores: 64, connections: 100 }, 8],
    ['a fleet where few sessions are allowed', { connections: 4 }, 1],
    ['named databases', { hasFleet: false }, 1],
    ['a number', { given: 5, hasFleet: false }, 5],
    ['one', { given: 1 }, 1],
    ['an engine of one session', { engine: {} }, 1],
  ])('for %s', (_, change, jobs) => {
    expect(jobsOf({ ...base, ...change })).toBe(jobs)
  })

  it('says how many sessions more would take, and how many there may be', () => {
    expect(() => jobsOf({ ...base, given: 6 })).toThrow(
      '--jobs 6 takes 9 sessions at once, and connections: allows 8.',
    )
    expect(() => jobsOf({ ...base, given: 2, engine: {} })).toThrow('engine: embedded has one session')
  })
})
