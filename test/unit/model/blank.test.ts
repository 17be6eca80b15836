import { describe, expect, it } from 'vitest'
import { blankComments, blankOpaque, commentEnd } from '../../../src/model/blank.ts'

/** What is left, the blanks shown as dots. */
const shown = (sql: string): string => sql.replaceAll(' ', '.')

describe('SQL without comments', () => {
  it.each([
    ['a -- b', 'a.....'],
    ['a -- b\nc', 'a.....\nc'],
    ['-- a', '....'],
    ['a /* b */ c', 'a.........c'],
    ['a /* b /* c */ d */ e', 'a...................e'],
    ['a /* b\n c */ d', 'a.....\n......d'],
    ['a /* b', 'a.....'],
    ["a '-- b' -- c", "a.'--.b'....."],
    ["a '/* b' c */", "a.'/*.b'.c.*/"],
    ["a E'\\'-- b' -- c", "a.E'\\'--.b'....."],
    ['a $$ -- b $$ -- c', 'a.$$.--.b.$$.....'],
    ['a $x$ $$ -- b $x$ -- c', 'a.$x$.$$.--.b.$x$.....'],
    ['a "--" -- "', 'a."--".....'],
    ["a -- it's\nb -- c", 'a........\nb.....'],
  ])('of %j is %j, every character in its place', (sql, left) => {
    expect(shown(blankComments(sql))).toBe(left)
  })
})

describe('SQL without comments, literals and quoted names', () => {
  it.each([
    ["a 'b' c", 'a.....c'],
    ['a "b" c', 'a.....c'],
    ["a 'it''s' c", 'a.........c'],
    ['a $x$b\nc$x$ d', 'a.....\n.....d'],
    ["a -- 'b\nc 'd' e", 'a......\nc.....e'],
  ])('of %j is %j', (sql, left) => {
    expect(shown(blankOpaque(sql))).toBe(left)
  })
})

describe('the end of a comment', () => {
  it.each([
    ['-- a', 0, 4],
    ['-- a\nb', 0, 4],
    ['a /* b */ c', 2, 9],
    ['/* a /* b */ c */ d */', 0, 17],
    ['/* a', 0, 4],
    ['/* a */ /* b */', 8, 15],
  ])('in %j at %i is at %i', (sql, at, end) => {
    expect(commentEnd(sql, at)).toBe(end)
  })
})
