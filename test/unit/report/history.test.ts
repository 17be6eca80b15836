import { describe, expect, it } from 'vitest'
import type { HistoryDocument, RunRecord } from '../../../src/report/documents.ts'
import { renderHistory } from '../../../src/report/history.ts'
import { plainPaint } from '../support/fixtures.ts'

type Entry = HistoryDocument['entries'][number]

const entry = (change: Partial<Entry> = {}): Entry => ({
  database: 'iam_qual',
  id: '1',
  run: 'r1',
  version: '00001',
  file: '00001_a.sql',
  sha256: 'ab',
  commit: '0123456789abcdef',
  dirty: false,
  actor: 'me@vps',
  job: null,
  tool: '0.1.0',
  dbmate: '2.36.0',
  image: 'sha256:1',
  startedAt: '2026-11-22T19:02:11.000Z',
  duration: 1234,
  direction: 'up',
  outcome: 'done',
  error: null,
  ...change,
})
const record = (change: Partial<RunRecord> = {}): RunRecord => ({
  version: 1,
  run: 'r2',
  command: 'backup',
  environment: 'qual',
  actor: 'me@vps',
  job: null,
  tool: '0.1.0',
  startedAt: '2026-11-21T10:00:00.000Z',
  duration: 65_000,
  outcome: 'done',
  databases: ['iam_qual', 'rag_qual'],
  directory: '/b',
  error: null,
  ...change,
})
const view = { limit: 20, paint: plainPaint, command: 'po-migrate history qual --limit 0' }
const render = (change: Partial<HistoryDocument>, limit = 20): string =>
  renderHistory({ version: 1, environment: 'qual', entries: [], runs: [], ...change }, { ...view, limit })
const head = 'qual · times in UTC\n'
/** Without its head. */
const shown = (change: Partial<HistoryDocument>): string => render(change).replace(head, '')

describe('the history for people', () => {
  it('names the zone of its times', () => {
    expect(render({ entries: [entry()] })).toMatch(/^qual · times in UTC\n✔ {2}2026-11-22 19:02/)
  })

  it('shows the newest of both kinds, and how to see the others', () => {
    const days = Array.from({ length: 5 }, (_, day) => entry({ startedAt: `2026-11-2${day}T08:00:00.000Z` }))
    const lines = render({ entries: days, runs: [record()] }, 3).split('\n')
    expect(lines[0]).toBe('qual · times in UTC, 3 older: po-migrate history qual --limit 0')
    expect(lines.slice(1).map((line) => line.slice(3, 13))).toEqual([
      '2026-11-22',
      '2026-11-23',
      '2026-11-24',
      '',
    ])
    expect(render({ entries: days, runs: [record()] }, 0).split('\n')).toHaveLength(8)
  })

  it('has attempts and runs in one table, oldest first', () => {
    expect(
      shown({ entries: [entry({ startedAt: '2026-11-20T08:00:00.000Z' }), entry()], runs: [record()] }),
    ).toBe(
      '✔  2026-11-20 08:00  iam_qual            00001_a.sql  1.2 s       me@vps  01234567\n' +
        '✔  2026-11-21 10:00  iam_qual, rag_qual  backup /b    1 min 05 s  me@vps\n' +
        '✔  2026-11-22 19:02  iam_qual            00001_a.sql  1.2 s       me@vps  01234567\n',
    )
  })

  it.each<[string, Partial<Entry>, string]>([
    ['rolled back', { direction: 'down' }, '✔ …  00001_a.sql (rolled back)  1.2 s  me@vps  01234567'],
    [
      'an accepted edit',
      { outcome: 'accepted', direction: 'down' },
      '✔ …  00001_a.sql (edit accepted)  1.2 s  me@vps  01234567',
    ],
    [
      'a failure, with its first line',
      { outcome: 'failed', error: 'no such table\nat line 3' },
      '✖ …  00001_a.sql  1.2 s  me@vps  01234567\n   no such table',
    ],
    ['at work', { outcome: 'running', duration: null }, '– …  00001_a.sql    me@vps  01234567'],
    ['of a changed checkout', { dirty: true }, '✔ …  00001_a.sql  1.2 s  me@vps  01234567+'],
    ['of no known commit', { commit: null, dirty: true }, '✔ …  00001_a.sql  1.2 s  me@vps'],
  ])('tells an attempt that is %s', (_, change, line) => {
    expect(shown({ entries: [entry(change)] }).replace('  2026-11-22 19:02  iam_qual', ' …')).toBe(
      `${line}\n`,
    )
  })

  it.each<[string, Partial<RunRecord>, string]>([
    ['a backup whose directory is gone', { directory: null }, '✔ …  backup (its directory is gone)'],
    [
      'a restore whose backup is gone',
      { command: 'restore', directory: null },
      '✔ …  restore (its directory is gone)',
    ],
    ['a cutover, which keeps none', { command: 'cutover', directory: null }, '✔ …  cutover'],
    ['a backup that came to nothing', { outcome: 'refused', directory: null, error: 'no' }, '✖ …  backup'],
    ['one that was interrupted', { outcome: 'interrupted', directory: null }, '– …  backup'],
  ])('tells of %s', (_, change, line) => {
    const [first = ''] = shown({ runs: [record(change)] }).split('\n')
    expect(first.replace('  2026-11-21 10:00  iam_qual, rag_qual', ' …')).toBe(`${line}  1 min 05 s  me@vps`)
  })

  it('says of a run without an end that it is at work, or died', () => {
    expect(shown({ runs: [record({ outcome: 'running', duration: null, directory: null })] })).toMatch(
      /^– .*\n {3}still running, or it died\n$/,
    )
  })

  it('has an attempt beside as many runs', () => {
    expect(shown({ entries: [entry()], runs: [record()] }).split('\n')).toHaveLength(3)
  })

  it('of nothing says so, unless it says why it could not be read', () => {
    expect(shown({})).toBe('qual: nothing in the ledger yet.\n')
    const error = { message: 'no', details: [] }
    expect(shown({ error })).toBe('')
    expect(shown({ error, runs: [record()] })).toContain('backup /b')
  })

  it('keeps the order of the runs by their counter, also where the clock was ahead for a while', () => {
    const runs = [2027, 2028, 2026].map((year, index) =>
      record({ sequence: index, startedAt: `${year}-01-01T00:00:00.000Z`, directory: `/${index}` }),
    )
    expect(shown({ runs }).match(/\/\d/g)).toEqual(['/0', '/1', '/2'])
  })
})
