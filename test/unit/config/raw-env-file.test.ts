// biome-ignore-all lint/suspicious/noTemplateCurlyInString: text that stays as it stands
import { describe, expect, it } from 'vitest'
import { parseRawEnvFile } from '../../../src/config/raw-env-file.ts'

const parse = (text: string, hostEnv: Record<string, string> = {}) =>
  Object.fromEntries(parseRawEnvFile(text, { file: 'a.env', hostEnv }))

describe('an env file of format raw', () => {
  it.each<[string, string, Record<string, string>]>([
    ['quotes belong to the value', `K='a'\nL="b"`, { K: "'a'", L: '"b"' }],
    ['nothing is replaced', 'K=${HOST}$$\\n', { K: '${HOST}$$\\n' }],
    ['a # is no comment but at the start of a line', '# c\n  # d\nK=a #b', { K: 'a #b' }],
    ['white space before a line goes, behind it stays', '\t K=a \n', { K: 'a ' }],
    ['line ends of Windows go', 'K=a\r\nL=b\r\n', { K: 'a', L: 'b' }],
    ['a byte order mark goes', '\ufeffK=a', { K: 'a' }],
    ['the first equals sign separates', 'K=a=b', { K: 'a=b' }],
    ['an empty value', 'K=\n', { K: '' }],
    ['the last assignment wins', 'K=a\nK=b', { K: 'b' }],
    ['a key alone is inherited, or left out', 'HOST\nNOPE\n', { HOST: 'h' }],
  ])('%s', (_, text, expected) => {
    expect(parse(text, { HOST: 'h' })).toEqual(expected)
  })

  it.each([
    ['=a', 'a.env:1: no key before "="'],
    ['K=1\nA B=1', 'a.env:2: key "A B" contains a space'],
  ])('%j is refused with its line', (text, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ exitCode: 2, message }))
  })
})
