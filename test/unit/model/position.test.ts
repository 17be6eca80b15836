import { describe, expect, it } from 'vitest'
import type { CutoverFrame } from '../../../src/model/cutover.ts'
import type { JournalEntry } from '../../../src/model/journal.ts'
import { downtimeOf, foldJournal, hasBegun, isDone, remainingSteps } from '../../../src/model/position.ts'
import type { Step } from '../../../src/model/step.ts'
import { stepKey } from '../../../src/model/step.ts'

const frame: CutoverFrame = {
  run: '20261122T190000-aaaaaa',
  command: 'cutover',
  host: 'vps',
  volume: 'data',
  copy: 'data-20261122T190000-aaaaaa',
  environments: ['qual', 'prod'],
  containers: [],
  carried: { databases: [], roles: [] },
}
const steps: Step[] = [
  { kind: 'stop-stack', project: 'apps' },
  { kind: 'stop-stack', project: 'shared' },
  { kind: 'copy-volume', volume: 'data', copy: frame.copy },
  { kind: 'wipe-volume', volume: 'data' },
  { kind: 'start-containers', project: 'apps' },
  { kind: 'wait-healthy', project: 'apps' },
]
const keys = steps.map(stepKey)
const at = (second: number): string => `2026-11-22T19:00:${String(second).padStart(2, '0')}.000Z`
const begun: JournalEntry = { entry: 'begun', at: at(0), by: 'me@here', tool: '0', job: null, frame, steps }
const step = (index: number): string => keys[index] ?? ''
const started = (index: number, second = 1): JournalEntry => ({
  entry: 'started',
  at: at(second),
  step: step(index),
})
const done = (index: number, second = 2): JournalEntry => ({
  entry: 'done',
  at: at(second),
  step: step(index),
})
const fold = (...lines: JournalEntry[]) => {
  const position = foldJournal([begun, ...lines])
  if (!position) throw new Error('no position')
  return position
}

describe('a journal', () => {
  it('is none without its first line', () => {
    expect(foldJournal([])).toBeUndefined()
    expect(foldJournal([started(0)])).toBeUndefined()
  })

  it('knows each step by its kind and the names of what it touches', () => {
    expect(keys).toEqual([
      'stop-stack apps',
      'stop-stack shared',
      `copy-volume data ${frame.copy}`,
      'wipe-volume data',
      'start-containers apps',
      'wait-healthy apps',
    ])
  })

  it('leaves to do whatever is not done, a step that was cut off included', () => {
    const position = fold(started(0), done(0), started(1))
    expect(position.running).toBe('stop-stack shared')
    expect(remainingSteps(position)).toEqual(steps.slice(1))
    expect(hasBegun(position, 'wipe-volume')).toBe(false)
    expect(isDone(position, 'stop-stack')).toBe(false)
    expect(isDone(fold(started(0), done(0), started(1), done(1)), 'stop-stack')).toBe(true)
    expect(isDone(position, 'bring-back')).toBe(false)
  })

  it('keeps why a step failed until it begins again', () => {
    const failed: JournalEntry = { entry: 'failed', at: at(3), step: step(1), error: 'no' }
    expect(fold(started(1), failed)).toMatchObject({
      running: undefined,
      failed: { step: step(1), error: 'no' },
    })
    expect(fold(started(1), failed, started(1))).toMatchObject({ running: step(1), failed: undefined })
  })

  it('gathers what steps leave for later ones, the newest over the oldest', () => {
    const position = fold(
      { entry: 'done', at: at(1), step: step(0), facts: { backup: '/a', transaction: '1:2:' } },
      { entry: 'done', at: at(2), step: step(1), facts: { carried: '/b', transaction: '1:3:' } },
    )
    expect(position.facts).toEqual({ backup: '/a', carried: '/b', transaction: '1:3:' })
  })

  it('forgets what was done from the step on to which it is rewound, and what had begun', () => {
    const position = fold(started(0), done(0), started(1), done(1), started(2), done(2), {
      entry: 'rewound',
      at: at(9),
      step: step(1),
      why: 'Postgres ran',
    })
    expect(remainingSteps(position)).toEqual(steps.slice(1))
    expect(hasBegun(position, 'copy-volume')).toBe(false)
  })

  it('is touched by the first step that stops anything, and stays so', () => {
    const saving: Step[] = [
      { kind: 'create-network', network: 'n' },
      { kind: 'back-up', environment: 'qual' },
    ]
    const touchedBy = (...begin: Step[]): boolean | undefined =>
      foldJournal([
        { ...begun, steps: [...saving, ...steps] } as JournalEntry,
        ...begin.map((one): JournalEntry => ({ entry: 'started', at: at(1), step: stepKey(one) })),
      ])?.touched
    expect(touchedBy()).toBe(false)
    expect(touchedBy(...saving)).toBe(false)
    expect(touchedBy(...saving, ...steps.slice(0, 1))).toBe(true)
    expect(touchedBy(...steps.slice(0, 1), ...saving)).toBe(true)
  })

  it('dates a step by its first beginning and its last end, also one that an old journal only ends', () => {
    const { times } = fold(started(0, 3), started(0, 5), done(0, 7), done(1, 9))
    expect(times.get(step(0))).toEqual({ started: at(3), done: at(7) })
    expect(times.get(step(1))).toEqual({ started: at(9), done: at(9) })
  })

  it('ends as its last line says, and when', () => {
    const ended: JournalEntry = { entry: 'ended', at: at(50), outcome: 'done' }
    expect(fold(started(0), ended)).toMatchObject({ outcome: 'done', ended: at(50), begun: at(0) })
    expect(fold({ entry: 'resumed', at: at(4), by: 'you' })).toMatchObject({
      outcome: undefined,
      by: 'me@here',
    })
  })

  it('measures the downtime from the first stop to the last start, over resumptions', () => {
    const all = [started(0, 10), done(0, 11), started(5, 20), started(5, 30), done(5, 42)]
    expect(downtimeOf(fold(...all))).toBe(32_000)
    expect(downtimeOf(fold(...all.slice(0, 3)))).toBeUndefined()
    expect(downtimeOf(fold(...all.slice(2)))).toBeUndefined()
    expect(downtimeOf(fold(started(1, 5), ...all))).toBe(37_000)
  })
})
