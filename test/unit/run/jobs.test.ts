import { describe, expect, it } from 'vitest'
import { jobsOf, requireRoom } from '../../../src/run/jobs.ts'

const base = {
  given: undefined,
  hasFleet: true,
  cores: 4,
  connections: 8,
  isEmbedded: false,
}

describe('jobsOf', () => {
  it.each([
    ['a fleet', {}, 4],
    ['a fleet on many cores', { cores: 64, connections: 100 }, 8],
    ['a fleet where few sessions are allowed', { connections: 4 }, 1],
    ['named databases', { hasFleet: false }, 1],
    ['a number', { given: 5, hasFleet: false }, 5],
    ['one', { given: 1 }, 1],
    ['an engine of one session', { isEmbedded: true }, 1],
  ])('for %s', (_, change, jobs) => {
    expect(jobsOf({ ...base, ...change })).toBe(jobs)
  })
})

describe('requireRoom', () => {
  it('says how many sessions more would take, and how many there may be', () => {
    expect(() => requireRoom({ ...base, given: 6 })).toThrow(
      '--jobs 6 takes 9 sessions at once, and connections: allows 8.',
    )
    expect(() => requireRoom({ ...base, given: 2, isEmbedded: true })).toThrow(
      'engine: embedded has one session',
    )
  })

  it.each([
    ['as many as there is room for', { given: 5 }],
    ['one, however few sessions there are', { given: 1, connections: 2 }],
    ['one where there is one session', { given: 1, isEmbedded: true }],
    ['none given', { connections: 1 }],
  ])('lets %s pass', (_, change) => {
    expect(() => requireRoom({ ...base, ...change })).not.toThrow()
  })
})
