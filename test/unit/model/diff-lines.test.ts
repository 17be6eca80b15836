import { describe, expect, it } from 'vitest'
import { changedLines, diffLines } from '../../../src/model/diff-lines.ts'

describe('a diff', () => {
  it.each([
    ['', 'a\nb\n', ['+a', '+b']],
    ['a\nb\n', 'a\nb\n', [' a', ' b']],
    ['a\nb\nc\n', 'a\nx\nc\n', [' a', '-b', '+x', ' c']],
    ['a\n', '', ['-a']],
    ['a\nb', 'a\nb\nc', [' a', ' b', '+c']],
    ['b\n', 'a\nb\nc\n', ['+a', ' b', '+c']],
    ['a\nb\n', 'b\na\n', ['-a', ' b', '+a']],
  ])('of %j and %j', (before, after, lines) => {
    expect(diffLines(before, after).map(({ mark, text }) => mark + text)).toEqual(lines)
  })

  it.each<[string | null, string | null, string[]]>([
    ['a\nb\nc', 'a\nx\nc', ['- b', '+ x']],
    ['a\nb', 'b\na', ['- a', '+ a']],
    [null, 'a', ['+ a']],
    ['a', null, ['- a']],
    ['a\nb', 'a\n\nb', ['+ ']],
  ])('of definitions shows what is in one alone: %j and %j', (expected, found, lines) => {
    expect(changedLines(expected, found)).toEqual(lines)
  })
})
