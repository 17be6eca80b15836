import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jsonReport } from '../../../src/report/json.ts'
import type { RunEvent } from '../../../src/report/run-documents.ts'
import { recorded } from '../../../src/run/record.ts'
import { sink } from '../support/fixtures.ts'

const events: RunEvent[] = [
  { version: 1, event: 'run.started', run: 'r', command: 'up', environment: 'qual', plan: null },
  { version: 1, event: 'run.finished', run: 'r', status: 'done', exit: 0, databases: [] },
]

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pmt-record-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

describe('a recorded run', () => {
  it('leaves its events, one a line as they come, and JUnit when it has ended', () => {
    const stdout = sink()
    const report = recorded(jsonReport(stdout), {
      files: { events: 'reports/a.ndjson', junit: 'reports/a.xml' },
      cwd: directory,
      complain: () => {},
    })
    const read = (name: string): string => readFileSync(join(directory, 'reports', name), 'utf8')
    report.event(events[0]!)
    expect(JSON.parse(read('a.ndjson'))).toEqual(events[0])
    expect(read('a.xml')).toBe('')
    report.event(events[1]!)
    expect(read('a.ndjson')).toBe(stdout.text())
    expect(read('a.xml')).toContain('<testsuite name="up qual"')
  })

  it.each(['a-file/report.xml', '.', '/proc/nope/x', 'fifo'])(
    'is refused before it begins when %s cannot be written',
    (junit) => {
      writeFileSync(join(directory, 'a-file'), '')
      rmSync(join(directory, 'fifo'), { force: true })
      execFileSync('mkfifo', [join(directory, 'fifo')])
      expect(() =>
        recorded(jsonReport(sink()), { files: { junit }, cwd: directory, complain: () => {} }),
      ).toThrow(expect.objectContaining({ exitCode: 2 }))
    },
  )

  it('goes on when a file takes nothing more, and says so once a file', () => {
    const said: string[] = []
    const stdout = sink()
    const report = recorded(jsonReport(stdout), {
      files: { events: '/dev/full', junit: '/dev/full' },
      cwd: directory,
      complain: (text) => said.push(text),
    })
    for (const event of events) report.event(event)
    expect(stdout.text().split('\n')).toHaveLength(3)
    expect(said).toEqual(Array(2).fill(expect.stringContaining('/dev/full is not complete: ENOSPC')))
  })
})
