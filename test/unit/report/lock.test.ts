import { describe, expect, it } from 'vitest'
import type { Holder } from '../../../src/model/holder.ts'
import { lockDocument } from '../../../src/report/documents.ts'
import { describeLocks, type LockReading, renderLocks } from '../../../src/report/lock.ts'
import { plainPaint } from '../support/fixtures.ts'

const holder: Holder = {
  run: 'r1',
  user: 'deploy',
  host: 'vps',
  pid: 4711,
  command: 'po-migrate up qual',
  since: '2026-11-22T19:02:11.000Z',
}
const reading: LockReading = {
  locks: [
    { database: 'iam_qual', backend: 7, holder },
    { database: 'rag_qual', backend: 8, holder: undefined },
  ],
  orphans: {
    containers: [
      { name: 'po-migrate-1', run: 'r0', running: true },
      { name: 'po-migrate-2', run: 'r0', running: false },
    ],
    backends: [{ pid: 9, run: 'r0', database: 'iam_qual', query: 'select 1' }],
  },
}
const databases = ['iam_qual', 'rag_qual', 'calendar_qual']

describe('who holds the locks', () => {
  it('is told for each database, and what dead runs left below', () => {
    expect(renderLocks(databases, reading, plainPaint)).toBe(
      'iam_qual       deploy@vps, pid 4711, "po-migrate up qual", since 19:02:11 UTC\n' +
        'rag_qual       backend 8\n' +
        'calendar_qual  free\n' +
        'still running: container po-migrate-1\n' +
        'left behind: container po-migrate-2\n' +
        'still running: backend 9 in iam_qual\n',
    )
  })

  it('is the same in JSON, the holder where one is known', () => {
    const document = describeLocks('qual', databases, reading)
    expect(lockDocument.parse(document)).toEqual({
      version: 1,
      environment: 'qual',
      databases: [
        { database: 'iam_qual', locked: true, holder },
        { database: 'rag_qual', locked: true },
        { database: 'calendar_qual', locked: false },
      ],
      left: reading.orphans,
    })
  })
})
