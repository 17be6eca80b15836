import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sectionedReport } from '../../../src/report/ci.ts'
import type { RunEvent } from '../../../src/report/run-documents.ts'
import { textReport } from '../../../src/report/text.ts'
import { plainPaint, sink } from '../support/fixtures.ts'

const run = { version: 1, run: 'r1' } as const
const step = (number: number, database: string, migration: string) =>
  ({ ...run, step: number, kind: 'apply-migration', database, migration }) as const
const pair = (each: ReturnType<typeof step>, status: 'done' | 'failed' = 'done'): RunEvent[] => [
  { ...each, event: 'step.started' },
  { ...each, event: 'step.finished', status, ms: 5 },
]

const now = '2026-11-22T10:00:00Z'
const at = Date.parse(now) / 1000
const start = (name: string, header: string): string =>
  `\x1b[0Ksection_start:${at}:${name}\r\x1b[0K${header}\n`
const end = (name: string): string => `\x1b[0Ksection_end:${at}:${name}\r\x1b[0K\n`

beforeEach(() => void vi.useFakeTimers({ now: new Date(now) }))
afterEach(() => void vi.useRealTimers())

const reported = (events: readonly RunEvent[]) => {
  const stdout = sink()
  const stderr = sink({ columns: 80 })
  const report = sectionedReport(
    textReport({ stdout, stderr, paint: plainPaint, quiet: false, live: false }),
    stderr,
  )
  for (const event of events) report.event(event)
  return { report, stdout, stderr }
}

describe("a run in GitLab's log", () => {
  it('has a section for each database, opened once and always closed', () => {
    const { report, stderr, stdout } = reported([
      ...pair(step(1, 'iam_qual', '00001_a.sql')),
      ...pair(step(2, 'iam_qual', '00002_b.sql')),
      ...pair(step(3, 'rag_qual', '00001_c.sql')),
    ])
    report.result('qual: 3 migrations applied.\n')
    expect(stderr.text()).toBe(
      `${start('r1_iam_qual', 'iam_qual')}✔ iam_qual  00001_a.sql  5 ms\n✔ iam_qual  00002_b.sql  5 ms\n${end('r1_iam_qual')}` +
        `${start('r1_rag_qual', 'rag_qual')}✔ rag_qual  00001_c.sql  5 ms\n${end('r1_rag_qual')}`,
    )
    expect(stdout.text()).toBe('qual: 3 migrations applied.\n')
  })

  it('shows what failed: its section is not collapsed, and ends before the explanation', () => {
    const { stderr } = reported(pair(step(1, 'iam_qual', '00001_a.sql'), 'failed'))
    expect(stderr.text()).toBe(
      `${start('r1_iam_qual', 'iam_qual')}✖ iam_qual  00001_a.sql  5 ms\n${end('r1_iam_qual')}`,
    )
    expect(stderr.text()).not.toContain('collapsed')
  })

  it('closes the open section at the end of the run, and when it is told to, once', () => {
    const [started] = pair(step(1, 'iam_qual', '00001_a.sql'))
    const opened = `${start('r1_iam_qual', 'iam_qual')}`
    const done: RunEvent = { ...run, event: 'run.finished', status: 'done', exit: 0, databases: [] }
    const ended = reported(started ? [started, done, done] : [])
    expect(ended.stderr.text()).toBe(`${opened}${end('r1_iam_qual')}`)
    const { report, stderr } = reported(started ? [started] : [])
    report.close()
    report.close()
    expect(stderr.text()).toBe(`${opened}${end('r1_iam_qual')}`)
  })

  it('names a section by what may stand in a marker, or by the step where it is of no database', () => {
    const odd = { ...run, event: 'step.started', step: 1, kind: 'pull-image', database: 'Ä b' } as const
    expect(reported([odd]).stderr.text()).toBe(start('r1___b', 'Ä b'))
    const { database: _, ...pull } = odd
    expect(reported([pull]).stderr.text()).toBe(start('r1_pull-image', 'pull-image'))
  })

  it('gives a sign of life every 15 seconds inside the section', () => {
    const { stderr } = reported(pair(step(1, 'iam_qual', '00001_a.sql')).slice(0, 1))
    vi.advanceTimersByTime(30_000)
    expect(stderr.text()).toBe(
      `${start('r1_iam_qual', 'iam_qual')}  iam_qual  00001_a.sql: still running, 15.0 s\n  iam_qual  00001_a.sql: still running, 30.0 s\n`,
    )
  })
})
