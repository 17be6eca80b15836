import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { quoteAll } from '../../../src/model/quote.ts'

const words = [
  'plain',
  '',
  ' ',
  "it's",
  '$(touch pwned)',
  'a"b',
  '`x`',
  '\\',
  'line\nbreak',
  '!history',
  '~',
  '*',
  '--',
  'ä',
  '#',
]

it('a shell reads back exactly the words that were quoted, once and through a second shell', () => {
  const print = ['node', '-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--', ...words]
  const shell = (line: string): unknown => JSON.parse(execFileSync('sh', ['-c', line], { encoding: 'utf8' }))
  expect(shell(quoteAll(print))).toEqual(words)
  expect(shell(quoteAll(['sh', '-c', quoteAll(print)]))).toEqual(words)
})

it('leaves what needs none as it is, so that the line can be read', () => {
  expect(quoteAll(['po-migrate', 'up', 'qual', '--db', 'iam', 'me@host:22', 'A=b'])).toBe(
    'po-migrate up qual --db iam me@host:22 A=b',
  )
})
