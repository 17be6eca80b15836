import { beforeAll, describe, expect, it } from 'vitest'
import { loadParser, type Parse } from '../../../src/lint/parse.ts'

let parse: Parse
beforeAll(async () => {
  parse = await loadParser()
})

describe('a section', () => {
  it.each<[what: string, sql: string]>([
    ['NULLS LAST', 'create index on a (b nulls -- rarely null\n last);'],
    ['WITH ORDINALITY', 'select * from generate_series(1, 2) with /* number them */ ordinality;'],
    ['NOT IN', "select 1 where 'a' not -- never\n in ('-- b', $$/* c */$$);"],
    ['a nested comment', 'select 1 order by 1 nulls /* a /* b */ c */ first;'],
  ])('may have a comment inside %s, as on the server', (_, sql) => {
    const { statements, fault } = parse(sql, 1)
    expect(fault).toBeUndefined()
    expect(statements.map(({ text }) => `${text};`)).toEqual([sql])
  })

  it('of comments alone has no statement', () => {
    expect(parse('-- migrate:up\n/* later */\n', 1)).toEqual({ statements: [] })
  })

  it('gives every statement its line and column, whatever stands before it', () => {
    const sql = "select 'é';\n\n-- b;\n  /* c */ select 2; select '𝄞'; select 4"
    expect(parse(sql, 7).statements.map(({ line, column, text }) => [line, column, text])).toEqual([
      [7, 1, "select 'é'"],
      [10, 11, 'select 2'],
      [10, 21, "select '𝄞'"],
      [10, 33, 'select 4'],
    ])
  })
})

/** What Postgres 18 has first. */
const eighteenth = [
  'create table t (a int, b int generated always as (a * 2) virtual);',
  'alter table t add constraint c check (a > 0) not enforced;',
  'create table t (id int, during daterange, primary key (id, during without overlaps));',
  'update t set a = 1 returning old.a, new.a;',
  'insert into t (a) values (1) returning with (old as o, new as n) o.a, n.a;',
]

describe('the grammar', () => {
  const older: Partial<Record<number, Parse>> = {}
  beforeAll(async () => {
    for (const major of [13, 17, 18, 19]) older[major] = await loadParser(major)
  })

  it.each(eighteenth)('is of the server: %s', (sql) => {
    const faults = [18, 19].map((major) => older[major]?.(sql, 1).fault)
    expect([parse(sql, 1).fault, ...faults]).toEqual([undefined, undefined, undefined])
    if (sql.includes('old.a')) return
    for (const major of [13, 17]) expect(older[major]?.(sql, 1).fault, String(major)).toBeDefined()
  })
})
