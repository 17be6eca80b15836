import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { jsonReport } from '../../../src/report/json.ts'
import type { Paint } from '../../../src/report/paint.ts'
import type { RunEvent } from '../../../src/report/run-documents.ts'
import { textReport } from '../../../src/report/text.ts'
import { plainPaint, sink } from '../support/fixtures.ts'

const run = { version: 1, run: 'r1' } as const
const apply = (step: number, database: string, migration: string) =>
  ({ step, kind: 'apply-migration', database, migration }) as const
const first = apply(2, 'iam', '00001_a.sql')
const second = apply(3, 'calendar', '00002_b.sql')
const third = apply(4, 'calendar', '00003_c.sql')

const events: RunEvent[] = [
  {
    ...run,
    event: 'run.started',
    command: 'up',
    environment: 'qual',
    plan: {
      version: 1,
      command: 'up',
      environment: 'qual',
      steps: [{ step: 1, kind: 'create-database', database: 'iam' }, first, second, third],
      refusals: [],
    },
  },
  { ...run, event: 'step.started', step: 1, kind: 'create-database', database: 'iam' },
  {
    ...run,
    event: 'step.finished',
    step: 1,
    kind: 'create-database',
    database: 'iam',
    status: 'done',
    ms: 41,
  },
  { ...run, event: 'step.started', ...first },
  { ...run, event: 'step.finished', ...first, status: 'done', ms: 1234 },
  { ...run, event: 'step.started', ...second },
  {
    ...run,
    event: 'step.finished',
    ...second,
    status: 'failed',
    ms: 9,
    error: { message: 'no', details: [] },
  },
  { ...run, event: 'step.finished', ...third, status: 'skipped', ms: 0 },
  {
    ...run,
    event: 'run.finished',
    databases: [],
    status: 'failed',
    exit: 1,
    error: { message: 'no', details: [] },
  },
]

type Options = { isTTY?: boolean; quiet?: boolean; live?: boolean; columns?: number; paint?: Paint }

const report = (options: Options = {}) => {
  const { isTTY = false, quiet = false, live = isTTY, columns = 40, paint = plainPaint } = options
  const stdout = sink()
  const stderr = sink({ isTTY, columns })
  const written = textReport({ stdout, stderr, paint, quiet, live })
  return { ...written, stdout, stderr }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the report for people', () => {
  it('says one line a finished step on stderr, databases in one column, and nothing of skipped ones', () => {
    const { event, stderr, stdout } = report()
    for (const each of events) event(each)
    expect(stderr.text()).toBe(
      '✔ iam       create-database  41 ms\n' +
        '✔ iam       00001_a.sql  1.2 s\n' +
        '✖ calendar  00002_b.sql  9 ms\n',
    )
    expect(stdout.text()).toBe('')
  })

  it.each([
    [80, '✔ iam       1_a.sql       1.2 s\n'],
    [32, '✔ iam       1_a.sql      1.2 s\n'],
    [20, '✔ iam       1_a.sql  1.2 s\n'],
  ])('lines the files up as far as there is room in %i columns', (columns, line) => {
    const { event, stderr } = report({ paint: { ...plainPaint, columns } })
    const step = apply(1, 'iam', '1_a.sql')
    const steps = [step, apply(2, 'calendar', '2_longer.sql')]
    const about = { command: 'up', environment: 'qual' } as const
    event({ ...run, event: 'run.started', ...about, plan: { version: 1, ...about, steps, refusals: [] } })
    event({ ...run, event: 'step.finished', ...step, status: 'done', ms: 1234 })
    expect(stderr.text()).toBe(line)
  })

  it('calls a step by the words that come with it, and by its names where an older log has none', () => {
    const { event, stderr } = report()
    const finished = { ...run, event: 'step.finished', step: 1, status: 'done', ms: 1 } as const
    event({ ...finished, kind: 'create-network', network: 'n' }, 'create network n')
    event({ ...finished, kind: 'wipe-volume', volume: 'v' })
    event({ ...finished, kind: 'stop-stack', stack: 's', volume: 'v' })
    event({ ...finished, kind: 'prove-backup' })
    event({ ...finished, kind: 'create-database', database: 'd' })
    expect(stderr.text().split('\n')).toEqual([
      '✔ create network n  1 ms',
      '✔ wipe-volume v  1 ms',
      '✔ stop-stack s  1 ms',
      '✔ prove-backup  1 ms',
      '✔ d  create-database  1 ms',
      '',
    ])
  })

  it('leaves only the failure, and the result, when it is to be quiet', () => {
    const { event, note, result, stderr, stdout } = report({ quiet: true, isTTY: true })
    for (const each of events) event(each)
    note('by the way')
    result('done\n')
    vi.advanceTimersByTime(60_000)
    expect(stderr.text()).toBe('✖ calendar  00002_b.sql  9 ms\n')
    expect(stdout.text()).toBe('done\n')
  })

  it.each([
    ['in a pipe', {}],
    ["in a CI's log, though it may pretend to be a terminal", { isTTY: true, live: false }],
  ])('gives a sign of life every 15 seconds %s, without escape codes', (_, options) => {
    const { event, progress, stderr } = report(options)
    for (const each of events.slice(0, 4)) event(each)
    vi.advanceTimersByTime(15_000)
    progress('1.0 of 9.0 MB')
    vi.advanceTimersByTime(15_000)
    event(events[4]!)
    vi.advanceTimersByTime(60_000)
    expect(stderr.text()).toBe(
      '✔ iam       create-database  41 ms\n' +
        '  2/4 iam       00001_a.sql: still running, 15.0 s\n' +
        '  2/4 iam       00001_a.sql: still running, 30.0 s, 1.0 of 9.0 MB\n' +
        '✔ iam       00001_a.sql  1.2 s\n',
    )
  })

  it('moves one line on a terminal, cut to its width, and wipes it', () => {
    const { event, progress, close, stderr } = report({ isTTY: true, columns: 24 })
    for (const each of events.slice(0, 4)) event(each)
    progress('a very long state that does not fit')
    vi.advanceTimersByTime(1200)
    close()
    const lines = stderr.text().split('\r\x1b[K').slice(4, -1)
    expect(lines.length).toBeGreaterThan(5)
    for (const line of lines) expect(line).toMatch(/^. 2\/4 iam {7}00001_a/)
    for (const line of lines) expect([...line].length).toBeLessThan(24)
    expect(stderr.text().endsWith('\r\x1b[K')).toBe(true)
    const settled = stderr.text()
    vi.advanceTimersByTime(60_000)
    expect(stderr.text()).toBe(settled)
  })

  it('takes a terminal that tells no width for one of 80 columns', () => {
    const { event, close, stderr } = report({ isTTY: true, columns: 0 })
    for (const each of events.slice(0, 4)) event(each)
    vi.advanceTimersByTime(1200)
    close()
    for (const line of stderr.text().split('\r\x1b[K').slice(4, -1)) expect(line).toMatch(/\d m?s$/)
  })

  it('tells of several databases at once in one line that counts, and of each file in its own', () => {
    const { event, close, stderr } = report({ isTTY: true, columns: 80 })
    for (const each of events) {
      event(each.event === 'run.started' ? { ...each, jobs: 2 } : each)
      vi.advanceTimersByTime(300)
    }
    close()
    expect(stderr.text()).toMatch(/up \w+ {2}[\d.]+ m?s {2}\d done, \d left/)
    expect(stderr.text()).toContain('✔ iam       00001_a.sql  1.2 s\n')
  })

  it('makes room for a line of narration in the middle of a step', () => {
    const { event, note, stderr } = report({ isTTY: true })
    for (const each of events.slice(0, 2)) event(each)
    note('by the way')
    expect(stderr.text().endsWith('\r\x1b[Kby the way\n')).toBe(true)
  })
})

describe('the report for programs', () => {
  it('is one event a line on stdout, as it came, and nothing else', () => {
    const stdout = sink()
    const { event, note, result, progress, close } = jsonReport(stdout)
    note('by the way')
    result('done')
    progress('half')
    for (const each of events) event(each)
    close()
    const lines = stdout.text().split('\n')
    expect(lines.pop()).toBe('')
    expect(lines.map((line) => JSON.parse(line))).toEqual(events)
  })
})
