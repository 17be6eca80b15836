import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { quoteAll, quoteForAnyShell } from '../../../src/model/quote.ts'

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

it('is harmless to a shell that is none of POSIX, too: nothing of it needs quotes but those around it', () => {
  const line = quoteForAnyShell(['printf', '%s', ...words])
  expect(line).toMatch(/^sh -c 'eval "exec \$\(printf %b "[\w ./:=,@+\\-]*"\)"'$/)
  const shell = (words: readonly string[]): unknown =>
    JSON.parse(execFileSync('sh', ['-c', quoteForAnyShell(words)], { encoding: 'utf8' }))
  const print = ['node', '-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--']
  expect(shell([...print, ...words])).toEqual(words)
})
