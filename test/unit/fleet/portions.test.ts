import { describe, expect, it } from 'vitest'
import { portionsOf } from '../../../src/fleet/portions.ts'
import { rolledOf } from '../../../src/fleet/rollout.ts'
import type { Step } from '../../../src/model/step.ts'
import type { ManagedDatabase } from '../../../src/model/types.ts'
import { fleet, managedDatabase, memberDatabase, parsed } from '../support/fixtures.ts'

const apply = (managed: ManagedDatabase, version: number): Step => ({
  kind: 'apply-migration',
  managed,
  migration: parsed(`0000${version}_x.sql`),
})
const named = ['iam', 'rag'].map((name) => managedDatabase(name))
const members = ['a', 'b', 'c', 'd'].map((key) => memberDatabase(key))
const twice = (all: readonly ManagedDatabase[]): Step[] =>
  all.flatMap((managed) => [apply(managed, 1), apply(managed, 2)])

const shape = (steps: readonly Step[], { rows = false, canary = 1, wave = 2 } = {}): string => {
  const fleets = [fleet({ rollout: { canary, wave, maxFailures: 1 } })]
  const portions = portionsOf(steps, { rolled: rolledOf(fleets, steps), named: rows })
  const say = ({ managed, migration }: Step): string =>
    `${managed?.database ?? 'image'}${migration?.version.at(-1) ?? ''}`
  return portions.map((portion) => portion.map((row) => row.map(say).join(' ')).join(' | ')).join(' ; ')
}

describe('portionsOf', () => {
  it('keeps named databases one after the other', () => {
    expect(shape(twice(named))).toBe('iam1 iam2 rag1 rag2')
  })

  it('lets them run side by side where it is wished for, each in its own order', () => {
    expect(shape(twice(named), { rows: true })).toBe('iam1 iam2 | rag1 rag2')
  })

  it('lets a fleet run canary first, then wave by wave', () => {
    expect(shape(twice(members))).toBe('a1 a2 ; b1 b2 | c1 c2 ; d1 d2')
  })

  it('lets no database of a fleet begin before a named one that stands before it, nor the other way round', () => {
    const steps = [
      ...twice([named[0] as ManagedDatabase]),
      ...twice(members.slice(0, 2)),
      apply(named[1] as ManagedDatabase, 1),
    ]
    expect(shape(steps, { canary: 0 })).toBe('iam1 iam2 ; a1 a2 | b1 b2 ; rag1')
    expect(shape(steps, { canary: 0, rows: true })).toBe('iam1 iam2 ; a1 a2 | b1 b2 ; rag1')
  })

  it('begins with what is about no database', () => {
    const pull: Step = { kind: 'pull-image' }
    expect(shape([pull, ...twice(named)], { rows: true })).toBe('image ; iam1 iam2 | rag1 rag2')
  })

  it('has nothing for nothing', () => {
    expect(shape([])).toBe('')
  })
})
