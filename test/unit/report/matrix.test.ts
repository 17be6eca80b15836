import { describe, expect, it } from 'vitest'
import type { StatusDocument } from '../../../src/report/documents.ts'
import { matricesOf } from '../../../src/report/matrix.ts'
import { makePaint } from '../../../src/report/paint.ts'
import { visibleWidth } from '../../../src/report/render.ts'
import { renderStatus } from '../../../src/report/status.ts'
import { plainPaint, sink } from '../support/fixtures.ts'

type Environment = StatusDocument['environments'][number]
type Database = Environment['databases'][number]
type Migration = Database['migrations'][number]

const file = (
  version: string,
  state: Migration['state'] = 'applied',
  name: string | null = 'a',
): Migration => ({
  version,
  file: name === null ? null : `${version}_${name}.sql`,
  state,
})

const database = (name: string, ...migrations: Migration[]): Database => ({
  name,
  database: name,
  exists: true,
  applied: migrations.filter(({ state }) => state === 'applied').length,
  pending: migrations.filter(({ state }) => state === 'pending').length,
  migrations,
})

const environment = (name: string, ...databases: Database[]): Environment => ({
  environment: name,
  host: 'vps',
  network: '',
  databases,
})

const lost: Environment = {
  ...environment('lost'),
  error: { message: 'no answer', details: [], touched: false, hint: 'po-migrate doctor lost' },
}

describe('the matrix of migrations and environments', () => {
  const rows = (...databases: Database[]) =>
    matricesOf(databases.map((each, index) => environment(`e${index}`, each)))[0]?.rows

  it('has every version once, in dbmate’s order, whichever environment has it', () => {
    expect(rows(database('shop', file('10'), file('2')), database('shop', file('1', 'pending')))).toEqual([
      { version: '1', file: '1_a.sql', states: [undefined, 'pending'] },
      { version: '10', file: '10_a.sql', states: ['applied', undefined] },
      { version: '2', file: '2_a.sql', states: ['applied', undefined] },
    ])
  })

  it('has a version without a file in the row of the file', () => {
    expect(rows(database('shop', file('1', 'missing-file', null)), database('shop', file('1')))).toEqual([
      { version: '1', file: '1_a.sql', states: ['missing-file', 'applied'] },
    ])
    expect(rows(database('shop', file('1', 'missing-file', null)))).toEqual([
      { version: '1', file: null, states: ['missing-file'] },
    ])
  })

  it('has a row for each of two files of one version', () => {
    expect(rows(database('shop', file('1', 'applied', 'b')), database('shop', file('1')))).toEqual([
      { version: '1', file: '1_a.sql', states: [undefined, 'applied'] },
      { version: '1', file: '1_b.sql', states: ['applied', undefined] },
    ])
  })

  it('has a database that only some environments manage', () => {
    const matrices = matricesOf([environment('a', database('x')), environment('b', database('y'))])
    expect(matrices.map(({ name, databases }) => [name, databases.map((each) => each?.name)])).toEqual([
      ['x', ['x', undefined]],
      ['y', [undefined, 'y']],
    ])
  })
})

describe('the status of several environments', () => {
  const show = (environments: Environment[], columns?: number): string[] =>
    renderStatus({ version: 1, environments }, { ...plainPaint, ...(columns && { columns }) }).split('\n')

  const dev = environment('dev', database('shop', file('1'), file('2')), database('crm', file('1')))
  const qual = environment('qual', database('shop', file('1'), file('2', 'pending')))

  it('stands side by side, what was not read below, with the command to type', () => {
    expect(show([dev, qual, lost])).toEqual([
      '           dev  qual     lost',
      'shop       2    1 of 2   not read',
      '  1_a.sql  ✔    ✔        .',
      '  2_a.sql  ✔    pending  .',
      'crm        1    .        not read',
      '  1_a.sql  ✔    .        .',
      '3 databases, 4 applied, 1 pending, 1 behind',
      '',
      '✖ lost: no answer',
      '  Nothing was touched.',
      '  → po-migrate doctor lost',
      '',
    ])
  })

  it('says what those states mean that do not say it, once', () => {
    const odd = environment('qual', database('shop', file('1', 'out-of-order'), file('2')))
    const [, , , , ...below] = show([odd, { ...odd, environment: 'prod' }])
    expect(below).toEqual(['2 databases, 2 applied', 'out-of-order: older than the newest applied one', ''])
  })

  it('tells a database that is not there, or refused', () => {
    const absent = { ...database('shop', file('1', 'pending')), exists: false }
    const refused = { ...database('shop'), error: { message: 'a pooler', details: [] } }
    const lines = show([environment('dev', absent), environment('qual', refused)])
    expect(lines[1]).toBe('shop       no database  refused')
    expect(lines).toContain('✖ qual: a pooler')
  })

  it('cuts names in the middle where the terminal is narrow, and never a state', () => {
    const long = { version: '1', file: `1_${'long_'.repeat(12)}end.sql`, state: 'out-of-order' } as const
    const both = [environment('dev', database('shop', long)), environment('qual', database('shop', long))]
    const lines = show(both, 60)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60)
    expect(lines[2]).toMatch(/^ {2}1_long.*….*_end\.sql {2}out-of-order {2}out-of-order$/)
  })

  it('counts what is wide twice', () => {
    const long = {
      version: '1',
      file: '1_予約と顧客の一覧です_予約と顧客の一覧.sql',
      state: 'out-of-order',
    } as const
    const both = [environment('dev', database('shop', long)), environment('qual', database('shop', long))]
    for (const columns of [52, 53, 60, 61]) {
      const lines = show(both, columns)
      expect(lines[2]).toContain('…')
      expect(Math.max(...lines.slice(0, 3).map(visibleWidth))).toBe(columns)
    }
  })

  it('puts environments below each other where not all have room', () => {
    const many = Array.from({ length: 12 }, (_, index) => ({ ...qual, environment: `qual-${index}` }))
    const lines = show(many, 80)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
    const heads = lines.filter((line) => line.includes('qual-')).map((line) => line.trim().split(/\s+/))
    expect(heads.length).toBeGreaterThan(1)
    expect(heads.flat()).toEqual(many.map((each) => each.environment))
  })

  it('keeps them side by side while 16 characters of a name have room, and one stays one however narrow', () => {
    const heads = (columns: number): number =>
      show([dev, qual], columns).filter((line) => /^ +(?:dev|qual)/.test(line)).length
    expect([heads(30), heads(29), heads(12)]).toEqual([1, 2, 2])
  })

  it('is ASCII where the locale knows no more, and colours what is not applied', () => {
    const ascii = makePaint(sink(), { noColor: true, env: { LANG: 'C' } })
    const text = renderStatus({ version: 1, environments: [dev, qual] }, { ...ascii, columns: 25 })
    expect(text).toMatch(/^[\x20-\x7e\n]*$/)
    const colored = makePaint(sink({ isTTY: true }), { noColor: false, env: { LANG: 'C.UTF-8' } })
    const colours = renderStatus({ version: 1, environments: [dev, qual, lost] }, colored)
    for (const part of [
      colored.yellow('pending'),
      colored.bold('dev'),
      colored.bold('shop'),
      colored.red('lost'),
    ])
      expect(colours).toContain(part)
  })
})
