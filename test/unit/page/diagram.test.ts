import { describe, expect, it } from 'vitest'
import { layOutTables, type PlacedTable } from '../../../src/page/diagram/layout.ts'
import { measure, typeOf } from '../../../src/page/diagram/measure.ts'
import type { PageTable } from '../../../src/page/document.ts'
import { renderPage } from '../../../src/page/page.ts'
import { database, document, environment, pointing, table } from '../../support/page/documents.ts'
import { chance, seededRandom } from '../../support/random.ts'

const draw = (...tables: PageTable[]): string =>
  renderPage(document(environment('dev', database({ tables }))), '0.1.0')

const overlap = (a: PlacedTable, b: PlacedTable): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height

describe('the diagram of a database', () => {
  it('has tables, columns and types as text, and an edge for each foreign key', () => {
    const markup = draw(table('users', { comment: 'who buys' }), pointing('orders', 'users'))
    expect(markup).toMatch(/>users<title>who buys<\/title><\/text>/)
    expect(markup).toContain('>users_id</text>')
    expect(markup).toContain('text-anchor="end">bigint?</text>')
    expect(markup.match(/class="edge"/g)).toHaveLength(1)
    expect(markup).toContain('<title>orders (users_id) → users: orders_users_fkey</title>')
    expect(markup).toContain('2 tables, 1 foreign key')
  })

  it('draws a table that points to itself, and tables that point round in a circle', () => {
    const markup = draw(pointing('node', 'node'), pointing('a', 'b'), pointing('b', 'c'), pointing('c', 'a'))
    expect(markup.match(/class="edge"/g)).toHaveLength(4)
    expect(markup).not.toContain('NaN')
  })

  it('draws no edge to a table that is not shown', () => {
    const { edges } = layOutTables([pointing('orders', 'elsewhere')])
    expect(edges).toEqual([])
  })

  it('tells tables of one name in two schemas apart, and the schema where it is not public', () => {
    const markup = draw(table('users'), table('users', { schema: 'audit' }))
    expect(markup).toContain('>users</text>')
    expect(markup).toContain('>audit.users</text>')
  })

  it.each([1, 2, 3, 4, 5])('lays no table over another, whatever points where (seed %i)', (seed) => {
    const random = seededRandom(seed)
    const names = Array.from({ length: 40 }, (_, index) => `table_${index}`)
    const tables = names.map((name) => pointing(name, ...new Set(names.filter(() => chance(random, 0.03)))))
    const layout = layOutTables(tables)
    expect(layout).toEqual(layOutTables(tables))
    const { tables: placed, edges, width, height } = layout
    expect(placed).toHaveLength(40)
    expect(edges).toHaveLength(tables.reduce((sum, { references }) => sum + references.length, 0))
    for (const [index, each] of placed.entries()) {
      expect(each.x).toBeGreaterThanOrEqual(0)
      expect(each.y).toBeGreaterThanOrEqual(0)
      expect(each.x + each.width).toBeLessThanOrEqual(width + 0.01)
      expect(each.y + each.height).toBeLessThanOrEqual(height + 0.01)
      for (const other of placed.slice(index + 1)) expect(overlap(each, other)).toBe(false)
    }
  })

  it('puts tables without foreign keys side by side instead of on a tower', () => {
    const { width, height } = layOutTables(Array.from({ length: 30 }, (_, index) => table(`t${index}`)))
    expect(width).toBeLessThanOrEqual(1140)
    expect(height).toBeLessThan(width)
  })

  it('makes room for wide letters', () => {
    expect(measure(table('予約予約予約予約予約予約予約')).box).toBeGreaterThan(
      measure(table('reservation_t')).box,
    )
  })

  it.each([
    ['timestamp with time zone', 'timestamptz'],
    ['timestamp(3) without time zone', 'timestamp(3)'],
    ['time with time zone', 'timetz'],
    ['character varying(20)[]', 'varchar(20)[]'],
    ['character(2)', 'char(2)'],
    ['double precision', 'float8'],
    ['numeric(10,2)', 'numeric(10,2)'],
    ['a_very_long_schema_name.a_very_long_type_name', 'a_very_long_schema_name.a_very_lo…'],
  ])('writes %s as %s', (type, written) => {
    expect(typeOf({ name: 'x', type, nullable: false, key: false })).toBe(written)
  })

  it('is one for environments whose tables are the same; of others the one with most migrations comes first', () => {
    const old = database({ tables: [table('a')], applied: 1 })
    const next = database({ tables: [table('a'), table('b')], applied: 2 })
    const both = [environment('prod', old), environment('qual', old), environment('dev', next)]
    const markup = renderPage(document(...both), '0.1.0')
    expect(markup.match(/<svg class="diagram"/g)).toHaveLength(2)
    expect(markup.indexOf('Tables of shop in dev"')).toBeLessThan(
      markup.indexOf('Tables of shop in prod, qual"'),
    )
    expect(markup).toContain('<details><summary><strong>prod, qual</strong>')
  })

  it('gives way to a list where it would be too large to be seen', () => {
    const markup = draw(...Array.from({ length: 401 }, (_, index) => table(`t${index}`)))
    expect(markup).not.toContain('class="diagram"')
    expect(markup).toContain('<li>t400</li>')
  })
})
