import { beforeAll, describe, expect, it } from 'vitest'
import { type Linter, loadLinter } from '../../../src/lint/linter.ts'
import { parseMigration } from '../../../src/model/migration.ts'
import { migration } from '../../support/tool/project.ts'
import { managedDatabase } from '../support/fixtures.ts'

let linter: Linter
beforeAll(async () => {
  linter = await loadLinter()
})

const managed = managedDatabase('iam')

/** Rules of what the last of these files does, all of them new. */
const lint = (...ups: string[]): string[] => {
  const files = ups.map((up, index) => parseMigration(`0000${index + 1}_x.sql`, migration(up)))
  const judged = linter.lint({ managed, files, which: 'both', elsewhere: 'applied before' })
  return judged.at(-1)?.problems.map(({ rule }) => rule) ?? []
}

/** The same of one file, the others applied long ago. */
const lintAfter = (before: string, up: string): string[] => {
  const [past, next] = [before, up].map((text, index) =>
    parseMigration(`0000${index + 1}_x.sql`, migration(text)),
  )
  if (!past || !next) return []
  const known = linter.history({ managed, files: [past] })
  const [judged] = linter.lint({ managed, files: [next], known, which: 'up', elsewhere: 'applied before' })
  return judged?.problems.map(({ rule }) => rule) ?? []
}

const orders = 'CREATE TABLE orders (id int, note varchar(9), n serial);'
const widen = (table: string, column = 'note', type = 'text'): string =>
  `ALTER TABLE ${table} ALTER COLUMN ${column} TYPE ${type};`

describe('the type that a column is known to have', () => {
  it.each([
    ['its table’s own', orders, widen('orders')],
    ['that of a table like it', `${orders} CREATE TABLE b (LIKE orders);`, widen('b')],
    ['that of its parent', `${orders} CREATE TABLE b () INHERITS (orders);`, widen('b')],
    ['what it was added with', `${orders} ALTER TABLE orders ADD c varchar(3);`, widen('orders', 'c')],
    ['what it was changed to', `${orders} ${widen('orders', 'id', 'varchar(3)')}`, widen('orders', 'id')],
    [
      'what it was made anew with',
      `${orders} ALTER TABLE orders DROP id; ALTER TABLE orders ADD id varchar(3);`,
      widen('orders', 'id'),
    ],
    [
      'the same under another name',
      `${orders} ALTER TABLE orders RENAME note TO text;`,
      widen('orders', 'text'),
    ],
    ['the same in a table of another name', `${orders} ALTER TABLE orders RENAME TO sales;`, widen('sales')],
    ['the same in another schema', `${orders} ALTER TABLE orders SET SCHEMA shop;`, widen('shop.orders')],
    [
      'the same in a schema of another name',
      'CREATE SCHEMA a; CREATE TABLE a.orders (note varchar(9)); ALTER SCHEMA a RENAME TO b;',
      widen('b.orders'),
    ],
    ['that of a serial, a number', orders, widen('orders', 'n', 'int')],
    [
      'of a type that got another name',
      "CREATE TYPE a AS ENUM ('x'); CREATE TABLE orders (c a); ALTER TYPE a RENAME TO b;",
      widen('orders', 'c', 'b'),
    ],
    [
      'of a type that went to another schema',
      "CREATE TYPE a AS ENUM ('x'); CREATE TABLE orders (c a); ALTER TYPE a SET SCHEMA shop;",
      widen('orders', 'c', 'shop.a'),
    ],
  ])('is %s', (_, before, up) => {
    expect(lintAfter(before, up)).toEqual([])
  })

  it.each([
    ['of a table that is gone', `${orders} DROP TABLE orders;`],
    ['of a column that is gone', `${orders} ALTER TABLE orders DROP note;`],
    ['of a column that took its name', `${orders} ALTER TABLE orders RENAME note TO a;`],
    ['of a table in a schema that is gone', 'DROP SCHEMA public;'],
  ])('is not that %s', (_, before) => {
    expect(lintAfter(before, widen('orders'))).toEqual(['changing-column-type'])
  })
})

describe('what a run makes', () => {
  it.each<[string, string[]]>([
    [
      'what stands in a schema that it makes',
      ['CREATE SCHEMA a CREATE TABLE t (id int);', 'DROP TABLE a.t;'],
    ],
    ['an index of a table that it makes', [orders, 'CREATE INDEX i ON orders (id);', 'DROP INDEX i;']],
    ['a table from a query', ['SELECT 1 AS id INTO a;', 'DROP TABLE a;']],
    ['a range', ['CREATE TYPE a AS RANGE (subtype = int);', 'DROP TYPE a CASCADE;']],
    ['a view', ['CREATE VIEW v AS SELECT 1;', 'DROP VIEW v;']],
    ['a type', ["CREATE TYPE a AS ENUM ('x');", 'ALTER TYPE a RENAME TO b;', 'ALTER TYPE b RENAME TO c;']],
  ])('is nobody else’s: %s', (_, ups) => {
    expect(lint(...ups)).toEqual([])
  })

  it.each<[string, string[], string[]]>([
    [
      'a type that is made no more',
      ["CREATE TYPE a AS ENUM ('x'); DROP TYPE a;", 'DROP TYPE a CASCADE;'],
      ['ban-drop-cascade'],
    ],
    ['a schema that is gone', ['CREATE SCHEMA a; DROP SCHEMA a;', 'DROP SCHEMA a;'], ['ban-drop-schema']],
    [
      'what was in a schema that is gone',
      ['CREATE SCHEMA a; CREATE TABLE a.t (); DROP SCHEMA a CASCADE;', 'ALTER TABLE a.t RENAME TO u;'],
      ['renaming-table'],
    ],
    [
      'an index that went with its table',
      ['CREATE TABLE a (b int); CREATE INDEX i ON a (b); DROP TABLE a;', 'DROP INDEX i;'],
      ['require-concurrent-index-deletion'],
    ],
  ])('is not %s', (_, ups, rules) => {
    expect(lint(...ups)).toEqual(rules)
  })
})
