// biome-ignore-all lint/suspicious/noTemplateCurlyInString: compose's references, not ours
import { describe, expect, test } from 'vitest'
import { parseEnvFile } from '../../../src/config/env-file.ts'
import { exitCodes } from '../../../src/errors.ts'
import { envFileCases } from '../../support/env-file/cases.ts'
import { askParser, comparable } from '../../support/env-file/compose-env.ts'

describe('an env file is read as compose reads it', () => {
  test.each(envFileCases)('$title', ({ question, answer }) => {
    expect(comparable(askParser(question))).toEqual(comparable(answer))
  })

  test.each(envFileCases)('since 2.35: $title', ({ question, answer, newer = answer }) => {
    expect(comparable(askParser(question, '2.35'))).toEqual(comparable(newer))
  })

  test('only the variables of this file are returned', () => {
    const before = new Map([['A', '1']])
    expect(parseEnvFile('B=$A', { file: 'b.env', hostEnv: {}, before })).toEqual(new Map([['B', '1']]))
  })

  test('names of object methods are no variables', () => {
    const found = parseEnvFile('toString\nK=$constructor\n', { file: 'a.env', hostEnv: {} })
    expect(found).toEqual(new Map([['K', '']]))
  })
})

describe('an error names the file, the line and the reason', () => {
  test.each([
    ['K=1\n\nL="a\nb\n', 'a.env:3: unterminated quoted value: no closing "'],
    ["K=1\r\nL='a", "a.env:2: unterminated quoted value: no closing '"],
    ['# c\nA B=1\n', 'a.env:2: key "A B" contains a space'],
    ['K=1\nexport ', 'a.env:2: no key after export'],
    ['K="a\nb"\nA/B=1', 'a.env:3: unexpected character "/"'],
    ['K="a\nb" 😀=1', 'a.env:2: unexpected character "😀"'],
    ['K=1\nL=${NOPE:?set it}\n', 'a.env:2: required variable NOPE is missing a value: set it'],
    ['K="\n\n${NOPE?}"\n', 'a.env:1: required variable NOPE is missing a value'],
    ['K=1\n\nL=se${cret\n', 'a.env:3: a reference in braces is misspelt'],
  ])('%j', (text, message) => {
    const parse = () => parseEnvFile(text, { file: 'a.env', hostEnv: {} })
    expect(parse).toThrow(expect.objectContaining({ name: 'AppError', exitCode: exitCodes.usage }))
    expect(parse).toThrow(message)
  })

  test('and never quotes a value that is not understood', () => {
    const parse = () => parseEnvFile('K=se${cret', { file: 'a.env', hostEnv: {} })
    expect(parse).toThrow(expect.objectContaining({ message: expect.not.stringContaining('cret') }))
  })
})
