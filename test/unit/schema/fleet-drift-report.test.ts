import { describe, expect, it } from 'vitest'
import type { DriftedDatabase } from '../../../src/report/drift-documents.ts'
import { groupDrift } from '../../../src/report/group-drift.ts'
import { makePaint } from '../../../src/report/paint.ts'
import { renderDrift } from '../../../src/schema/drift-report.ts'

const paint = makePaint({ write: () => {} }, { noColor: true, env: { LANG: 'C.UTF-8' } })

const index = { object: 'index public.i', kind: 'index', state: 'unexpected' as const, expected: null }
const member = (key: string, more: Partial<DriftedDatabase> = {}): DriftedDatabase => ({
  ...{ name: `tenants/${key}`, fleet: 'tenants', database: `${key}_qual`, exists: true, applied: 2 },
  differences: [],
  ...more,
})
const moved = (key: string, definition = 'CREATE INDEX i'): DriftedDatabase =>
  member(key, { differences: [{ ...index, found: definition }] })
const failed = (key: string): DriftedDatabase =>
  member(key, {
    error: { message: `${key}_qual: is not on the server.`, details: [], hint: `create ${key}` },
  })

const render = (...databases: DriftedDatabase[]): string => renderDrift(groupDrift('qual', databases), paint)

describe('the drift of a database', () => {
  it('names it once where it cannot be told', () => {
    const alone = { name: 'iam', database: 'iam_qual', exists: true, applied: 0, differences: [] }
    const error = (message: string) => ({ ...alone, error: { message, details: [], hint: 'mend it' } })
    expect(render(error('iam_qual: no file.'))).toMatch(/^✖ iam_qual: no file\.\n/)
    expect(render(error('No connection.'))).toMatch(/^✖ iam_qual: No connection\.\n/)
  })
})

describe('the drift of a fleet', () => {
  it('groups by what differs, names who it is, and tells what needs somebody last', () => {
    const text = render(
      moved('a'),
      member('b'),
      failed('c'),
      moved('d'),
      moved('e', 'CREATE INDEX i2'),
      failed('f'),
    )
    expect(text).toBe(`tenants  6 databases: 1 as their files make them, 3 different, 2 not compared
  ✔ b is as its 2 applied files make it
  ✖ 2 databases (a, d): 1 difference from what their 2 applied files make
    index public.i is made by no file
      + CREATE INDEX i
  ✖ e: 1 difference from what its 2 applied files make
    index public.i is made by no file
      + CREATE INDEX i2
  ✖ 2 databases (c, f): is not on the server.
    → create c
`)
  })

  it('gives no number of files where they are not the same, and knows those that are not there', () => {
    expect(render(member('a', { applied: 1 }), member('b'), member('c', { exists: false, applied: 0 }))).toBe(
      `tenants  3 databases: 2 as their files make them, 1 not there
  ✔ 2 databases (a, b) are as their applied files make them
  – c does not exist
`,
    )
  })

  it('counts the names that it leaves out, and keeps databases by themselves apart', () => {
    const many = Array.from({ length: 25 }, (_, number) => moved(`t${number}`))
    const text = render(
      { ...member('x'), name: 'iam', database: 'iam_qual', fleet: undefined } as never,
      ...many,
    )
    expect(text).toContain(
      '✔ iam_qual is as its 2 applied files make it\ntenants  25 databases: 25 different',
    )
    expect(text).toContain('t18, t19 and 5 more)')
  })
})
