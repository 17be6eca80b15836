import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { crowdOf } from '../../../src/report/crowd.ts'
import type { RunEvent } from '../../../src/report/run-documents.ts'
import { textReport } from '../../../src/report/text.ts'
import { plainPaint, sink } from '../support/fixtures.ts'

const run = { version: 1, run: 'r1' } as const
const stepOf = (database: number, file: number) =>
  ({
    step: database * 2 + file + 1,
    kind: 'apply-migration',
    database: `t${database}`,
    migration: `0000${file}_a.sql`,
  }) as const

/** Two files for each of so many databases. */
const startedWith = (databases: number): Extract<RunEvent, { event: 'run.started' }> => {
  const steps = Array.from({ length: databases }, (_, index) => [stepOf(index, 0), stepOf(index, 1)]).flat()
  const plan = { version: 1, command: 'up', environment: 'qual', steps, refusals: [] } as const
  return { ...run, event: 'run.started', command: 'up', environment: 'qual', plan: { ...plan, refusals: [] } }
}

type Status = 'done' | 'failed' | 'skipped'
const finished = (step: ReturnType<typeof stepOf>, status: Status = 'done') =>
  ({ ...run, event: 'step.finished', ...step, status, ms: 5 }) as const

describe('a run of more databases than fit on a screen', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('begins with 31', () => {
    expect(crowdOf(startedWith(30))).toBeUndefined()
    expect(crowdOf(startedWith(31))).toBeDefined()
    expect(crowdOf({ ...startedWith(31), plan: null })).toBeUndefined()
  })

  it('counts a database as done with its last file, as failed with the first that does, and the rest as left', () => {
    let now = 0
    const crowd = crowdOf(startedWith(100), () => now)
    crowd?.take(finished(stepOf(0, 0)))
    expect(crowd?.words()).toBe('0 done, 100 left')
    crowd?.take(finished(stepOf(0, 1)))
    crowd?.take(finished(stepOf(1, 0), 'failed'))
    crowd?.take(finished(stepOf(1, 1), 'skipped'))
    expect(crowd?.words()).toBe('1 done, 1 failed, 98 left')
    for (const database of [2, 3, 4]) for (const file of [0, 1]) crowd?.take(finished(stepOf(database, file)))
    now = 2000
    expect(crowd?.words()).toBe('4 done, 1 failed, 95 left · 2.0/s · 47.5 s left')
  })

  it('shows failures alone as they come, and in CI a line every 15 s', () => {
    const stderr = sink()
    const report = textReport({ stdout: sink(), stderr, paint: plainPaint, quiet: false, live: false })
    report.event(startedWith(40))
    report.event({ ...run, event: 'step.started', ...stepOf(0, 0) })
    report.progress('waiting for a lock')
    vi.advanceTimersByTime(15_000)
    report.event(finished(stepOf(0, 0)))
    report.event(finished(stepOf(0, 1)))
    report.event({ ...run, event: 'step.started', ...stepOf(1, 0) })
    report.event(finished(stepOf(1, 0), 'failed'))
    vi.advanceTimersByTime(15_000)
    report.close()
    vi.advanceTimersByTime(60_000)
    expect(stderr.text().split('\n')).toEqual([
      '  up qual: still running, 15.0 s, 0 done, 40 left · t0',
      expect.stringMatching(/^✖ t1 +00000_a.sql {2}5 ms$/),
      '  up qual: still running, 30.0 s, 1 done, 1 failed, 38 left',
      '',
    ])
  })

  it('is one line on a terminal, and nothing where it is to be quiet', () => {
    const stderr = sink({ isTTY: true, columns: 80 })
    const report = textReport({ stdout: sink(), stderr, paint: plainPaint, quiet: false, live: true })
    const silent = sink({ isTTY: true, columns: 80 })
    const quiet = textReport({ stdout: sink(), stderr: silent, paint: plainPaint, quiet: true, live: true })
    for (const one of [report, quiet]) {
      one.event(startedWith(40))
      for (let database = 0; database < 40; database++) {
        one.event({ ...run, event: 'step.started', ...stepOf(database, 0) })
        one.event(finished(stepOf(database, 0)))
        one.event(finished(stepOf(database, 1)))
        vi.advanceTimersByTime(200)
      }
      one.close()
    }
    expect(stderr.text()).not.toContain('\n')
    expect(stderr.text()).toContain('39 done, 1 left')
    expect(silent.text()).toBe('')
  })
})
