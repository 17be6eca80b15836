import { describe, expect, it } from 'vitest'
import type { CutoverFrame } from '../../../src/model/cutover.ts'
import type { JournalEntry } from '../../../src/model/journal.ts'
import { foldJournal, remainingSteps } from '../../../src/model/position.ts'
import { type Step, stepKey } from '../../../src/model/step.ts'

const frame: CutoverFrame = {
  run: 'r',
  command: 'cutover',
  host: 'vps',
  volume: 'data',
  copy: 'data-r',
  environments: ['qual', 'prod'],
  containers: [],
  carried: { databases: [], roles: [] },
}
const older: Step[] = [
  { kind: 'back-up', environment: 'qual' },
  { kind: 'stop-stack', project: 'apps' },
  { kind: 'check-writes', environment: 'qual' },
  { kind: 'stop-stack', project: 'shared' },
  { kind: 'copy-volume', volume: 'data', copy: 'data-r' },
  { kind: 'carry-roles', environment: 'qual' },
  { kind: 'migrate', environment: 'qual' },
  { kind: 'start-containers', project: 'apps' },
  { kind: 'start-containers', project: 'web' },
  { kind: 'discard-copies', volume: 'data' },
]
const at = '2026-11-22T19:00:00.000Z'

/** What is left to do when so many of its steps were done. */
const left = (steps: readonly Step[], count: number): string[] => {
  const done = steps.slice(0, count).map((step): JournalEntry => ({ entry: 'done', at, step: stepKey(step) }))
  const position = foldJournal([
    { entry: 'begun', at, by: 'me', tool: '0', job: null, frame, steps },
    ...done,
  ])
  return position ? remainingSteps(position).map(stepKey) : []
}

describe('the journal of an older release', () => {
  it('gets the steps that were hidden in others, each in its place', () => {
    expect(left(older, 0)).toEqual([
      'back-up qual',
      'stop-stack apps',
      'check-writes qual',
      'stop-stack shared',
      'check-stopped qual',
      'copy-volume data data-r',
      'carry-system qual',
      'carry-roles qual',
      'migrate qual',
      'start-containers apps',
      'start-containers web',
      'wait-healthy apps',
      'wait-healthy web',
      'discard-copies data',
    ])
  })

  it.each([
    ['the stop of Postgres, which looked for late writes', 4, 'copy-volume data data-r'],
    ['the roles, which came with the settings of the server', 6, 'migrate qual'],
  ])('counts them as done with %s', (_, count, next) => {
    expect(left(older, count)[0]).toBe(next)
  })

  it('waits for a stack that it started and saw healthy no second time', () => {
    expect(left(older, 8)).toEqual(['start-containers web', 'wait-healthy web', 'discard-copies data'])
  })

  it('has no late writes to look for where nothing is carried over, nor any later journal', () => {
    const reset = older.filter(({ kind }) => !['back-up', 'check-writes', 'carry-roles'].includes(kind))
    expect(left(reset, 0)).not.toContain('check-stopped ')
    const [first = older[0]] = older
    const later: Step[] = [
      ...(first ? [first] : []),
      { kind: 'check-stopped', environment: 'qual' },
      { kind: 'start-containers', project: 'apps' },
      { kind: 'wait-healthy', project: 'apps' },
    ]
    expect(left(later, 0)).toEqual(later.map(stepKey))
    const whole = older.flatMap((step): Step[] => {
      if (step.kind === 'carry-roles') return [{ kind: 'carry-system', environment: 'qual' }, step]
      if (step.kind === 'copy-volume') return [{ kind: 'check-stopped', environment: 'qual' }, step]
      return step.project === 'web' ? [step, { kind: 'wait-healthy', project: 'web' }] : [step]
    })
    expect(left(whole, 0)).toEqual(whole.map(stepKey))
  })
})
