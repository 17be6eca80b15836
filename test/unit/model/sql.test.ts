import { describe, expect, it } from 'vitest'
import { quoteIdentifier, quoteLiteral, setSetting } from '../../../src/model/sql.ts'

describe('SQL', () => {
  it.each([
    ['plain', '"plain"'],
    ['Two words', '"Two words"'],
    ['a"b', '"a""b"'],
  ])('quotes the identifier %s', (name, sql) => {
    expect(quoteIdentifier(name)).toBe(sql)
  })

  it.each([
    ["it's", "'it''s'"],
    ['back\\slash', "E'back\\\\slash'"],
    ["both\\'", "E'both\\\\'''"],
  ])('quotes the text %s', (text, sql) => {
    expect(quoteLiteral(text)).toBe(sql)
  })

  it.each([
    ['work_mem=7MB', `set "work_mem" to '7MB'`],
    ['app.tenant=a=b', `set "app"."tenant" to 'a=b'`],
    [
      'search_path="$user", public, "Other one", "a""b"',
      `set "search_path" to '$user', 'public', 'Other one', 'a"b'`,
    ],
    ['search_path=""', `set "search_path" to ''`],
    ['search_path=', `set "search_path" to ''`],
  ])('sets %s as it was', (entry, sql) => {
    expect(setSetting(entry)).toBe(sql)
  })
})
