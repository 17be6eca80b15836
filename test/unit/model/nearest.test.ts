import { describe, expect, it } from 'vitest'
import { nearest } from '../../../src/model/nearest.ts'

describe('the nearest known word', () => {
  it.each([
    ['calender', 'calendar'],
    ['CALENDAR', 'calendar'],
    ['calendr', 'calendar'],
    ['ima', 'iam'],
    ['aim', 'iam'],
    ['mai', undefined],
    ['claendar', 'calendar'],
    ['im', 'iam'],
    ['rags', 'rag'],
    ['billing', undefined],
    ['', undefined],
  ])('to %j is %j', (typed, expected) => {
    expect(nearest(typed, ['iam', 'calendar', 'rag'])).toBe(expected)
  })

  it('is none where nothing is known', () => {
    expect(nearest('iam', [])).toBeUndefined()
  })

  it('is the closer one of two candidates', () => {
    expect(nearest('prd', ['qual', 'prod', 'dev'])).toBe('prod')
  })
})
