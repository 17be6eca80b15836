import { describe, expect, it } from 'vitest'
import type { PageDatabase } from '../../../src/page/document.ts'
import { renderPage } from '../../../src/page/page.ts'
import {
  database,
  document,
  environment,
  line,
  pointing,
  table,
  textOf,
} from '../../support/page/documents.ts'

const files = [
  { version: '00001', file: '00001_first.sql' },
  { version: '00002', file: '00002_second.sql' },
]

/** One of a fleet, at so many files. */
const member = (key: string, applied: number, change: Partial<PageDatabase> = {}): PageDatabase =>
  database({
    name: `tenants/${key}`,
    fleet: 'tenants',
    database: `tenant_${key}`,
    applied,
    pending: files.length - applied,
    migrations: files.map((file, index) => ({ ...file, state: index < applied ? 'applied' : 'pending' })),
    ledger: files.slice(0, applied).map((file) => line(file)),
    tables: [table('notes')],
    ...change,
  })

const many = (count: number, applied: number, from = 1): PageDatabase[] =>
  Array.from({ length: count }, (_, index) => member(`t${index + from}`, applied))

const page = (...environments: Parameters<typeof document>): string =>
  renderPage(document(...environments), '0.1.0')

describe('a fleet on the page', () => {
  const qual = environment('qual', database(), ...many(30, 2), ...many(4, 1, 31))
  const markup = page(qual, environment('prod', ...many(3, 1)))
  const text = textOf(markup)

  it('has one section, behind the databases that stand by themselves', () => {
    expect(markup.match(/<section class="database"/g)).toHaveLength(2)
    expect(markup).toContain('<a href="#fleet-1">tenants</a>')
    expect(text).toContain('2 environments, 1 database, 1 fleet.')
  })

  it('tells how many stand at which version, and who is behind', () => {
    expect(text).toContain('qual 34 databases')
    expect(text).toContain('at 00002_second.sql 30')
    expect(text).toContain('at 00001_first.sql, 1 pending t31, t32, t33, t34 4')
    expect(markup).toContain('width="88.24%"')
    expect(text).toContain('prod 3 databases')
  })

  it('has a row for each file, with how many have it in each environment', () => {
    expect(text).toContain('00001_first.sql qual all 34 applied prod all 3 applied')
    expect(text).toContain('00002_second.sql qual 30 of 34 applied, 4 pending prod 0 of 3 applied, 3 pending')
  })

  it('tells a run once, each file with the number of its databases', () => {
    expect(text.match(/14:02 qual 34 databases/g)).toHaveLength(1)
    expect(text).toContain('00001_first.sql applied in 34 databases')
    expect(text).toContain('00002_second.sql applied in 30 databases')
  })

  it('has a diagram for each schema, not for each database', () => {
    const other = member('other', 2, { tables: [table('notes'), pointing('replies', 'notes')] })
    const shown = textOf(page(environment('qual', ...many(30, 2), other)))
    expect(shown).toContain('qual (30 databases) 1 table, 0 foreign keys')
    expect(shown).toContain('qual (1 database) 2 tables, 1 foreign key')
  })

  it('names the databases in which a file failed, by what was said', () => {
    const failing = (key: string): PageDatabase =>
      member(key, 1, {
        ledger: [line(files[0]), line({ ...files[1], outcome: 'failed', error: 'it broke' })],
      })
    const shown = textOf(page(environment('qual', ...many(5, 2), failing('t6'), failing('t7'))))
    expect(shown).toContain('00002_second.sql failed in 2 databases (t6, t7) it broke')
  })

  it('tells equal drift once', () => {
    const difference = {
      object: 'index i',
      kind: 'index',
      state: 'missing' as const,
      found: null,
      expected: 'I',
    }
    const drift = { applied: 2, differences: [difference] }
    const same = many(30, 2).map((one) => ({ ...one, drift: { applied: 2, differences: [] } }))
    const shown = textOf(
      page(environment('qual', ...same, member('a', 2, { drift }), member('b', 2, { drift }))),
    )
    expect(shown).toContain(
      'qual, 30 databases (t1, t2, t3, t4, t5 and 25 more) as its 2 applied files make it',
    )
    expect(shown).toContain('qual, 2 databases (a, b) 1 difference from what its 2 applied files make')
    expect(shown.match(/index i is missing/g)).toHaveLength(1)
  })
})
