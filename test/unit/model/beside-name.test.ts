import { describe, expect, it } from 'vitest'
import { besideName, isFilling, replacedOf } from '../../../src/model/beside-name.ts'

const run = '20261122T185832-7f3a9c'

describe('the name of a database beside another', () => {
  it('carries the name and the run', () => {
    expect(besideName('calendar_qual', 'restore', run)).toBe(`calendar_qual_restore_${run}`)
  })

  it.each([['a'.repeat(63)], ['ü'.repeat(31)]])(
    'of %s fits into what Postgres keeps, the run whole',
    (name) => {
      const beside = besideName(name, 'before', run)
      expect(Buffer.byteLength(beside)).toBeLessThanOrEqual(63)
      expect(beside.endsWith(`_before_${run}`)).toBe(true)
      expect(name.startsWith(beside.slice(0, 10))).toBe(true)
    },
  )
})

const qual = 'partner_onboarding_document_store_qual'
const prod = 'partner_onboarding_document_store_prod'

it('a name that just fits is not cut', () => {
  const room = 63 - `_before_${run}`.length
  expect(besideName('a'.repeat(room), 'before', run)).toBe(`${'a'.repeat(room)}_before_${run}`)
  expect(besideName('a'.repeat(room + 1), 'before', run)).toMatch(/^a+_[0-9a-f]{8}_before_/)
  expect(Buffer.byteLength(besideName('a'.repeat(room + 1), 'before', run))).toBe(63)
})

describe('names that begin alike', () => {
  it.each(['before', 'restore'] as const)('never share a %s name, and keep their own', (what) => {
    const [one, other] = [qual, prod].map((name) => besideName(name, what, run))
    expect(one).not.toBe(other)
    expect(besideName(qual, what, run)).toBe(one)
    expect(Buffer.byteLength(one ?? '')).toBe(63)
  })

  it('that an older release cut are left to whom they must be, and to nobody where two could be meant', () => {
    const cut = `${qual.slice(0, 33)}_before_${run}`
    expect(Buffer.byteLength(cut)).toBe(63)
    expect(replacedOf(qual, { names: [qual, cut, 'postgres'], neighbours: [qual] })).toEqual([cut])
    expect(replacedOf(qual, { names: [qual, prod, cut], neighbours: [qual] })).toEqual([])
    expect(replacedOf(qual, { names: [qual, cut], neighbours: [qual, prod] })).toEqual([])
    const own = besideName(qual, 'before', run)
    expect(
      replacedOf(qual, { names: [qual, prod, cut, own, besideName(prod, 'before', run)], neighbours: [] }),
    ).toEqual([own])
  })
})

describe('what restores replaced', () => {
  it('is as old as the run that left it, whatever the clock said', () => {
    const [ahead, now] = ['20361122T185832-7f3a9c', '20261123T000000-000000']
    const names = [`iam_before_${now}`, `iam_before_${ahead}`]
    const sequenceOf = (of: string): number => (of === ahead ? 1 : 2)
    expect(replacedOf('iam', { names, neighbours: [], sequenceOf })).toEqual([
      `iam_before_${ahead}`,
      `iam_before_${now}`,
    ])
  })

  it('is found for one database, oldest first, and nothing that only looks like it', () => {
    const later = '20261123T000000-000000'
    const names = [
      `iam_before_${later}`,
      `iam_before_${run}`,
      `iam_qual_before_${run}`,
      'iam_before_lunch',
      `iam_restore_${run}`,
    ]
    expect(replacedOf('iam', { names, neighbours: ['iam', 'iam_qual'] })).toEqual([
      `iam_before_${run}`,
      `iam_before_${later}`,
    ])
  })
})

describe('a database that a restore was filling', () => {
  const run = '20261122T185832-7f3a9c'
  const long = 'partner_onboarding_document_store'
  it('is told by the database that it was to replace, also where its name was cut', () => {
    expect(isFilling(besideName('iam', 'restore', run), ['rag', 'iam'])).toBe(true)
    expect(isFilling(besideName(`${long}_qual`, 'restore', run), [`${long}_qual`])).toBe(true)
  })

  it('is not one of another database, nor what a restore replaced', () => {
    expect(isFilling(besideName('iam', 'restore', run), ['iam_qual', 'rag'])).toBe(false)
    expect(isFilling(besideName(`${long}_qual`, 'restore', run), [`${long}_prod`])).toBe(false)
    expect(isFilling(besideName('iam', 'before', run), ['iam'])).toBe(false)
    expect(isFilling('iam', ['iam'])).toBe(false)
  })
})
