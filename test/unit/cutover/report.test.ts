import { afterEach, describe, expect, it, vi } from 'vitest'
import type { CutoverFrame } from '../../../src/model/cutover.ts'
import type { JournalEntry } from '../../../src/model/journal.ts'
import { foldJournal, isUnfinished } from '../../../src/model/position.ts'
import { predictDowntime } from '../../../src/model/prediction.ts'
import type { Step } from '../../../src/model/step.ts'
import { stepKey } from '../../../src/model/step.ts'
import {
  describeProgress,
  describeStanding,
  renderDowntime,
  renderWaysOn,
} from '../../../src/report/cutover.ts'
import { logReport, replay } from '../../../src/report/log.ts'
import type { Report } from '../../../src/report/report.ts'

const frame: CutoverFrame = {
  run: 'r',
  command: 'cutover',
  host: 'vps',
  volume: 'data',
  copy: 'data-r',
  environments: ['qual'],
  containers: [],
  carried: { databases: [], roles: [] },
}
const steps: Step[] = [
  { kind: 'back-up', environment: 'qual' },
  { kind: 'stop-stack', project: 'apps' },
  { kind: 'stop-stack', project: 'shared' },
  { kind: 'copy-volume', volume: 'data', copy: 'data-r' },
  { kind: 'wipe-volume', volume: 'data' },
  { kind: 'start-stack', stack: { file: '/f', project: 'shared' } },
  { kind: 'start-containers', project: 'apps' },
]
const at = '2026-11-22T19:00:00.000Z'
const standing = (count: number) => {
  const lines: JournalEntry[] = [{ entry: 'begun', at, by: 'me', tool: '0', job: null, frame, steps }]
  for (const step of steps.slice(0, count))
    lines.push({ entry: 'started', at, step: stepKey(step) }, { entry: 'done', at, step: stepKey(step) })
  const position = foldJournal(lines)
  if (!position) throw new Error('no position')
  return position
}

describe('where a cutover stands', () => {
  it.each([
    [1, ['No stack was stopped, and no volume was touched.']],
    [2, ['Stopped: apps.', 'The volume data is as it was.']],
    [4, ['Stopped: apps, shared.', 'The volume data is as it was.']],
    [5, ['Stopped: apps, shared.', 'What data held is safe in data-r.', 'data is new.']],
    [6, ['Stopped: apps.', 'What data held is safe in data-r.', 'data is new, and Postgres runs on it.']],
    [7, ['What data held is safe in data-r.', 'data is new, and Postgres runs on it.']],
  ])('is told after %i steps', (count, words) => {
    expect(describeStanding(standing(count))).toEqual(words)
  })

  it('is in nobody’s way before its first stop, and after it until it is finished or taken back', () => {
    expect([0, 1, 2, 7].map((count) => isUnfinished(standing(count)))).toEqual([false, false, true, true])
    const anew = 'po-migrate cutover vps --confirm yes'
    const others =
      'or, to go on with this one: po-migrate cutover vps --resume; or, to forget it: po-migrate cutover vps --undo --confirm yes'
    expect(renderWaysOn(standing(1), true)).toBe(`${anew}; ${others}`)
    const dropping = { ...standing(1), frame: { ...frame, dropped: ['old shop'] } }
    expect(renderWaysOn(dropping, true)).toBe(
      `po-migrate cutover vps --drop 'old shop' --confirm yes; ${others}`,
    )
    expect(renderWaysOn(standing(1), true, 'df -h /x')).toBe(`df -h /x; then: ${anew}; ${others}`)
    expect(renderWaysOn(standing(1), true, 'po-migrate cutover vps --resume')).toBe(`${anew}; ${others}`)
    expect(renderWaysOn(standing(2), true, 'df -h /x')).toBe(
      'df -h /x; or, to have everything as it was: po-migrate cutover vps --undo --confirm yes',
    )
    expect(renderWaysOn(standing(2), false)).toBe(
      'po-migrate cutover vps --resume; or, to have everything as it was: po-migrate cutover vps --undo',
    )
  })

  it('is unfinished also when it went back to its first stop, and nothing began again yet', () => {
    const lines: JournalEntry[] = [{ entry: 'begun', at, by: 'me', tool: '0', job: null, frame, steps }]
    const [, stop] = steps
    const step = stop ? stepKey(stop) : ''
    lines.push(
      { entry: 'started', at, step },
      { entry: 'done', at, step },
      { entry: 'rewound', at, step, why: 'x' },
    )
    expect(isUnfinished(foldJournal(lines))).toBe(true)
  })

  it('tells what was started and is still waited for from what is stopped', () => {
    const position = standing(6)
    const begun = new Set([...position.begunSteps, stepKey({ kind: 'start-containers', project: 'apps' })])
    expect(describeStanding({ ...position, begunSteps: begun })[0]).toBe(
      'Started, but not seen healthy: apps.',
    )
  })

  it('tells an undoing by what it brings back, and whether that is there', () => {
    const undoing: Step[] = [
      { kind: 'stop-stack', project: 'apps' },
      { kind: 'wipe-volume', volume: 'data' },
      { kind: 'bring-back', volume: 'data', copy: 'data-q' },
    ]
    const standAfter = (count: number): string[] => {
      const lines: JournalEntry[] = [
        {
          entry: 'begun',
          at,
          by: 'me',
          tool: '0',
          job: null,
          frame: { ...frame, from: 'data-q' },
          steps: undoing,
        },
      ]
      for (const step of undoing.slice(0, count))
        lines.push({ entry: 'started', at, step: stepKey(step) }, { entry: 'done', at, step: stepKey(step) })
      const position = foldJournal(lines)
      return position ? describeStanding(position) : []
    }
    expect(standAfter(1)).toEqual(['Stopped: apps.', 'The volume data is as it was.'])
    expect(standAfter(2)).toEqual(['Stopped: apps.', 'data is to hold what is in data-q.'])
    expect(standAfter(3)).toEqual(['Stopped: apps.', 'data holds what is in data-q.'])
  })

  it('tells of a wiped volume also where no stack was stopped', () => {
    const position = standing(1)
    const wiped = new Set([stepKey({ kind: 'wipe-volume', volume: 'data' })])
    expect(describeStanding({ ...position, begunSteps: wiped })).toEqual(['data is new.'])
  })

  it('tells how long the services were down, once they serve again', () => {
    const times = new Map([
      [stepKey({ kind: 'stop-stack', project: 'apps' }), { started: at }],
      [
        stepKey({ kind: 'wait-healthy', project: 'apps' }),
        { started: at, done: at.replace('00:00', '00:12') },
      ],
    ])
    expect(renderDowntime({ ...standing(0), times })).toMatch(/^Down for 12\.0 s/)
    expect(renderDowntime(standing(0))).toBe('')
  })

  it('is counted, with the step that was cut off', () => {
    expect(describeProgress(standing(3))).toBe('3 of 8 steps done')
    expect(describeProgress({ ...standing(3), running: 'copy-volume data data-r' })).toBe(
      '3 of 8 steps done; it ended in: copy-volume data data-r',
    )
    const failed = { step: 'copy-volume data data-r', error: 'disk full' }
    expect(describeProgress({ ...standing(3), failed })).toBe(
      '3 of 8 steps done; failed: copy-volume data data-r: disk full',
    )
  })
})

describe('the predicted downtime', () => {
  it('grows with the volume, and shrinks with the rate of the disk', () => {
    const base = { bytes: 1e9, rate: 100e6, migrations: 2000, carried: 0 }
    const { copy, total } = predictDowntime(base)
    expect(copy).toBe(10_000)
    expect(predictDowntime({ ...base, bytes: 2e9 }).total - total).toBe(10_000)
    expect(predictDowntime({ ...base, rate: 200e6 }).total).toBe(total - 5000)
    expect(predictDowntime({ ...base, carried: 40e6 }).total).toBe(total + 3000)
    expect(predictDowntime({ ...base, migrations: 3000 }).total).toBe(total + 1000)
    expect(predictDowntime({ ...base, rate: 0 }).copy).toBe(1e12)
    expect(predictDowntime(base)).toMatchObject({
      migrations: 2000,
      carried: 0,
      stacks: 12_000,
      total: 24_000,
    })
  })
})

describe("a detached run's log", () => {
  afterEach(() => void vi.useRealTimers())

  it('has the words of a step where it has some, and its progress a few times a second', () => {
    vi.useFakeTimers({ now: 1_000_000 })
    const lines: string[] = []
    const log = logReport((line) => lines.push(line))
    const event = { version: 1, event: 'step.started', run: 'r', step: 1, kind: 'wipe-volume' } as const
    log.event(event, ['data', 'wipe'])
    log.event(event)
    log.progress('1')
    vi.advanceTimersByTime(249)
    log.progress('2')
    vi.advanceTimersByTime(1)
    log.progress('3')
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { event, line: ['data', 'wipe'] },
      { event },
      { progress: '1' },
      { progress: '3' },
    ])
  })

  it('tells another report everything that the run told its own, and broken lines as they are', () => {
    const told: string[] = []
    const tell =
      (what: string) =>
      (value: unknown): void =>
        void told.push(`${what} ${JSON.stringify(value)}`)
    const report: Report = {
      event: tell('event'),
      note: tell('note'),
      result: tell('result'),
      progress: tell('progress'),
      close: () => {},
    }
    const lines: string[] = []
    const log = logReport((line) => lines.push(line))
    log.note('a')
    log.event({ version: 1, event: 'run.finished', run: 'r', status: 'done', exit: 0, databases: [] })
    log.progress('1 of 2')
    log.progress('too soon for another')
    log.result('done\n')
    const events = [...lines, 'Segmentation fault'].map((line) => replay(line, report))
    expect(told).toEqual([
      'note "a"',
      'event {"version":1,"event":"run.finished","run":"r","status":"done","exit":0,"databases":[]}',
      'progress "1 of 2"',
      'result "done\\n"',
      'note "Segmentation fault"',
    ])
    expect(events[1]).toMatchObject({ event: 'run.finished', exit: 0 })
  })
})
