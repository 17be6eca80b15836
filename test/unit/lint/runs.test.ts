import { beforeAll, describe, expect, it } from 'vitest'
import { type Linter, loadLinter } from '../../../src/lint/linter.ts'
import type { FoundRelation } from '../../../src/model/found-objects.ts'
import { parseMigration } from '../../../src/model/migration.ts'
import type { MigrationFile } from '../../../src/model/types.ts'
import { migration } from '../../support/tool/project.ts'
import { managedDatabase } from '../support/fixtures.ts'

let linter: Linter
beforeAll(async () => {
  linter = await loadLinter()
})

const managed = managedDatabase('iam')
const filesOf = (ups: readonly string[], first = 1): MigrationFile[] =>
  ups.map((up, index) => parseMigration(`0000${index + first}_x.sql`, migration(up)))

type Before = {
  history?: string[]
  found?: Partial<FoundRelation>[]
  schemas?: string[]
  extensions?: string[]
}

/** `file:rule` of what is found in files that run one after the other. */
const lint = async (ups: string[], { history = [], found, schemas = [], extensions = [] }: Before = {}) => {
  const relations = (found ?? []).map(
    (relation): FoundRelation => ({
      schema: null,
      name: '',
      empty: false,
      table: null,
      columns: {},
      ...relation,
    }),
  )
  const files = filesOf(ups, history.length + 1)
  const known = found
    ? await linter.present(files, async () => ({ relations, schemas, extensions }))
    : linter.history({ managed, files: filesOf(history) })
  const elsewhere = found ? 'with rows' : 'applied before'
  return linter.lint({ managed, files, known, which: 'both', elsewhere })
}
const found = async (...args: Parameters<typeof lint>): Promise<string[]> =>
  (await lint(...args)).flatMap(({ file, problems }) =>
    problems.map(({ rule }) => `${Number(file.version)}:${rule}`),
  )

const orders = 'CREATE TABLE orders (id bigint, note text, state text);'
const index = 'CREATE INDEX orders_idx ON orders (id);'
/** One of each that speaks of a lock, of rows or of loss. */
const heavy = [
  index,
  'ALTER TABLE orders ALTER COLUMN note SET NOT NULL;',
  'ALTER TABLE orders ALTER COLUMN id TYPE text;',
  'ALTER TABLE orders ADD COLUMN number bigserial;',
  'ALTER TABLE orders ADD COLUMN code text NOT NULL;',
  'ALTER TABLE orders ADD CHECK (id > 0);',
  'ALTER TABLE orders ADD PRIMARY KEY (id);',
  'ALTER TABLE orders ADD UNIQUE (id);',
  'ALTER TABLE orders ADD FOREIGN KEY (id) REFERENCES people (id);',
  'ALTER TABLE orders SET UNLOGGED;',
  'ALTER TABLE orders DROP COLUMN note;',
  "UPDATE orders SET state = 'new';",
  'ALTER TABLE orders ADD x text; UPDATE orders SET x = id WHERE id < 9;',
  'TRUNCATE orders;',
  'LOCK TABLE orders;',
  'CLUSTER orders USING orders_pkey;',
  'REINDEX TABLE orders;',
  'DROP TABLE orders;',
]
/** One of each that speaks of programs. */
const renaming = [
  'ALTER TABLE orders RENAME TO sales;',
  'ALTER TABLE orders RENAME COLUMN note TO comment;',
  'ALTER TABLE orders ALTER COLUMN note DROP NOT NULL;',
  'ALTER TABLE orders ADD COLUMN payload json;',
  'ALTER TABLE orders DISABLE TRIGGER ALL;',
  'ALTER TABLE orders SET SCHEMA archive;',
  'DROP TABLE orders CASCADE;',
]

describe('a table that an earlier file of the run makes', () => {
  it.each([...heavy, ...renaming])("is nobody else's yet: %s", async (up) => {
    expect(await found([orders, up])).toEqual([])
  })

  it.each([...heavy, ...renaming])('is in use once that file is history: %s', async (up) => {
    expect(await found([up], { history: [orders] })).not.toEqual([])
  })

  it.each<[string, string[], string[]]>([
    ['under another name', [orders, 'ALTER TABLE orders RENAME TO sales;', 'DROP TABLE sales;'], []],
    [
      'with all that is in a renamed schema',
      ['CREATE SCHEMA a; CREATE TABLE a.t (id bigint);', 'ALTER SCHEMA a RENAME TO b;', 'DROP TABLE b.t;'],
      [],
    ],
    ['until it is dropped', [orders, 'DROP TABLE orders;', index], ['3:require-concurrent-index-creation']],
    ['and made again', ['DROP TABLE IF EXISTS orders;', orders, index], []],
    [
      'but not one that took its name',
      [orders, 'ALTER TABLE orders RENAME TO o; ALTER TABLE people RENAME TO orders;', index],
      ['2:renaming-table', '3:require-concurrent-index-creation'],
    ],
    [
      'as little as a choice of its types',
      ['CREATE TABLE a (at timestamp);', 'ALTER TABLE a ADD COLUMN code char(2);'],
      ['1:prefer-timestamptz', '2:ban-char-field'],
    ],
    [
      'and what it is attached to reads the other',
      [
        'CREATE TABLE parts (id bigint) PARTITION BY LIST (id);',
        'ALTER TABLE parts ATTACH PARTITION orders DEFAULT;',
      ],
      ['2:attaching-partition'],
    ],
    ['so is a view that it replaces', ['CREATE OR REPLACE VIEW v AS SELECT 1 AS id;', 'DROP VIEW v;'], []],
    ['so is its index', [orders, index, 'DROP INDEX orders_idx;'], []],
    ['so is an extension', ['CREATE EXTENSION pg_trgm;', 'DROP EXTENSION pg_trgm CASCADE;'], []],
    [
      'but an index on a table in use is as its table',
      [index, 'DROP INDEX orders_idx;'],
      ['1:require-concurrent-index-creation', '2:require-concurrent-index-deletion'],
    ],
  ])('%s', async (_, ups, expected) => {
    expect(await found(ups)).toEqual(expected)
  })

  it('is not made by IF NOT EXISTS where it is there', async () => {
    const again = orders.replace('TABLE', 'TABLE IF NOT EXISTS')
    const rules = ['2:require-concurrent-index-creation']
    expect(await found([again, index])).toEqual([])
    expect(await found([`${again}\n${index}`], { history: [orders] })).toEqual(rules)
    expect(await found([again, index], { found: [{ name: 'orders' }] })).toEqual(rules)
    const extension = ['CREATE EXTENSION IF NOT EXISTS pg_trgm;', 'DROP EXTENSION pg_trgm;']
    expect(await found(extension, { found: [], extensions: ['pg_trgm'] })).toEqual(['2:ban-drop-extension'])
    const schema = ['CREATE SCHEMA IF NOT EXISTS shop;', 'DROP TABLE shop.orders;']
    expect(await found(schema, { found: [{ schema: 'shop', name: 'orders' }], schemas: ['shop'] })).toEqual([
      '2:ban-drop-table',
    ])
  })
})

describe('a table of size 0', () => {
  const empty = {
    found: [
      { name: 'orders', empty: true },
      { name: 'orders_idx', empty: true, table: { schema: 'public', name: 'orders' } },
    ],
  }
  const full = {
    found: [{ name: 'orders' }, { name: 'orders_idx', table: { schema: 'public', name: 'orders' } }],
  }

  it.each([...heavy, 'DROP INDEX orders_idx;', 'REINDEX INDEX orders_idx;'])(
    'makes nobody wait, and loses nothing: %s',
    async (up) => {
      expect(await found([up], empty)).toEqual([])
      expect(await found([up], full)).not.toEqual([])
    },
  )

  it.each(renaming)('is known to programs all the same: %s', async (up) => {
    expect(await found([up], empty)).not.toEqual([])
  })

  it.each<[string, string]>([
    ['once the run has written to it', 'INSERT INTO orders VALUES (1);'],
    ['in an expression, too', 'WITH a AS (INSERT INTO orders VALUES (1) RETURNING *) SELECT 1;'],
    ['by COPY', "COPY orders FROM '/srv/orders.csv';"],
    ['by MERGE', 'MERGE INTO orders USING people p ON true WHEN NOT MATCHED THEN INSERT VALUES (1);'],
    ['once another table is a part of it', 'ALTER TABLE orders ATTACH PARTITION archive DEFAULT;'],
  ])('is empty no longer %s', async (_, up) => {
    const rules = await found([up, 'ALTER TABLE orders ADD COLUMN code text NOT NULL;'], empty)
    expect(rules).toContain('2:adding-required-field')
  })

  it('is what TRUNCATE leaves', async () => {
    expect(await found([`TRUNCATE orders;\n${index}`], full)).toEqual(['1:ban-truncate'])
  })

  it('is told of: where it has rows there is a warning', async () => {
    const [judged] = await lint([`${index}\nDROP VIEW v;`], empty)
    expect(judged?.problems.map(({ rule }) => rule)).toEqual(['ban-drop-table'])
    expect(judged?.silent.map(({ rule, line }) => [rule, line])).toEqual([
      ['require-concurrent-index-creation', 2],
    ])
  })

  it('is not told of where the file says that it is meant', async () => {
    const [judged] = await lint(
      [`-- po-migrate:ignore require-concurrent-index-creation small\n${index}`],
      empty,
    )
    expect(judged).toMatchObject({ problems: [], silent: [] })
  })
})

it('a directive that is needed elsewhere is not called unused', async () => {
  const ignore = '-- po-migrate:ignore require-concurrent-index-creation small'
  expect(await found([orders, `${ignore}\n${index}`])).toEqual([])
  expect(await found([`${orders}\n${ignore}\n${index}`])).toEqual(['1:unused-ignore'])
})

describe('the type that a column had', () => {
  const change = 'ALTER TABLE orders ALTER COLUMN note TYPE text;'
  it.each([
    ['varchar(20)', 'character varying(20)', []],
    ['integer', 'integer', ['changing-column-type']],
  ])('is read from history, or from the server: %s', async (written, asked, rules) => {
    const expected = rules.map((rule) => `2:${rule}`)
    expect(await found([change], { history: [`CREATE TABLE orders (note ${written});`] })).toEqual(expected)
    expect(await found(['', change], { found: [{ name: 'orders', columns: { note: asked } }] })).toEqual(
      expected,
    )
  })
})

describe('a file that says where its names are', () => {
  const shop = [
    { schema: 'shop', name: 'orders' },
    { name: 'orders', empty: true },
  ]

  it.each([
    ['SET search_path = shop, public;', ['1:leaked-search-path']],
    ['SET LOCAL search_path TO "shop";', []],
    ["SELECT pg_catalog.set_config('search_path', 'shop', true);", []],
    ["SET SCHEMA 'shop'; RESET ALL; SET LOCAL search_path = shop;", []],
  ])('means those: %s', async (set, rules) => {
    expect(await found([`${set}\n${index}`], { found: shop })).toEqual([
      ...rules,
      '1:require-concurrent-index-creation',
    ])
    expect(await found([`${set} DROP TABLE orders;`], { found: shop })).toEqual([
      ...rules,
      '1:ban-drop-table',
    ])
    expect(await found([`${set} RESET search_path;\n${index}`], { found: shop })).toEqual([])
    expect(await found([`${set} ${orders}`, 'CREATE INDEX i ON shop.orders (id);'])).toEqual(rules)
  })
})

describe('what is not there', () => {
  it.each([
    'DROP TABLE IF EXISTS orders;',
    'DROP TABLE IF EXISTS orders CASCADE;',
    'DROP VIEW IF EXISTS orders;',
    'DROP INDEX IF EXISTS orders_idx;',
    'DROP SCHEMA IF EXISTS shop CASCADE;',
  ])('is dropped for nothing: %s', async (up) => {
    expect(await found([up])).toEqual([])
    expect(await found(['', up], { found: [] })).toEqual([])
    expect(await found([`SET LOCAL search_path = shop;\n${up}`])).not.toEqual([])
  })

  it('may be there when the file does not ask', async () => {
    expect(await found(['DROP TABLE orders;'])).toEqual(['1:ban-drop-table'])
  })
})
