import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { passwordSource, readPassword } from '../../../src/config/password.ts'
import { makeProject } from '../../support/tool/project.ts'
import { temporaryDirectory } from '../support/fixtures.ts'

type Files = Record<string, string>

/** The password of these files, of which those that are named `optional…` need not be there. */
const read = (written: Files, names: readonly string[], shell: Record<string, string> = {}): string => {
  using directory = temporaryDirectory()
  for (const [name, text] of Object.entries(written)) directory.write(name, text)
  const files = names.map((name) => ({
    path: join(directory.path, name),
    required: !name.startsWith('optional'),
  }))
  try {
    return readPassword({ key: 'PW', files }, shell).reveal()
  } catch (error) {
    const told = error as Error & { hint: string }
    const here = (text: string): string => text.replaceAll(directory.path, '.')
    throw Object.assign(error as Error, { message: here(told.message), hint: here(told.hint) })
  }
}

describe('where the password stands', () => {
  it('is the key and the files, absolute, a file being required where nothing else is said', () => {
    using project = makeProject({
      network: 'net',
      store: {},
      edit: ({ environments }) => {
        environments.dev.password = { env_file: ['a.env', { path: '/b.env', required: false }], key: 'PW' }
        environments.demo = { engine: 'embedded' }
      },
    })
    const config = loadConfig({ cwd: project.directory, env: {} })
    expect(passwordSource(config, 'dev')).toEqual({
      key: 'PW',
      files: [
        { path: join(config.directory, 'a.env'), required: true },
        { path: '/b.env', required: false },
      ],
    })
    for (const name of ['demo', 'nowhere'])
      expect(() => passwordSource(config, name)).toThrow(expect.objectContaining({ exitCode: 2 }))
  })
})

describe('the password', () => {
  it('is what the last of its files says, which may refer to those before it and to the shell', () => {
    const files = { 'a.env': 'PW=one\nOTHER=1\n', 'b.env': 'PW=$OTHER-$MORE\n' }
    expect(read(files, ['a.env'])).toBe('one')
    expect(read(files, ['a.env', 'b.env'], { MORE: '2' })).toBe('1-2')
    expect(read(files, ['b.env', 'a.env'])).toBe('one')
  })

  it('may be a whole file, as a secret is mounted, without the newline at its end', () => {
    using directory = temporaryDirectory()
    const readValue = (text: string): string => {
      directory.write('password', text)
      const files = [{ path: join(directory.path, 'password'), required: true, format: 'value' as const }]
      return readPassword({ key: 'PW', files }, { x: 'replaced' }).reveal()
    }
    expect(readValue(' p="$x" # \n')).toBe(' p="$x" # ')
    expect(readValue('p\r\n')).toBe('p')
    expect(readValue('postgres://user:p%20w@db/x')).toBe('p w')
    expect(() => readValue('two\nlines\n')).toThrow(/contains a newline/)
    expect(() => readValue('\n')).toThrow(/PW is not set in/)
  })

  it('may stand in one file while another that need not be there is not', () => {
    expect(read({ 'a.env': 'PW=one\n' }, ['optional.env', 'a.env', 'optional2.env'])).toBe('one')
  })

  it.each<[string, Files, string[], { message: string; hint: string }]>([
    [
      'a file that has to be there and is not',
      { 'a.env': 'PW=one\n' },
      ['a.env', 'b.env'],
      {
        message: 'The env file ./b.env does not exist.',
        hint: "create it with a line PW='…', then: chmod 600 ./b.env",
      },
    ],
    [
      'one that is not, beside an example of it',
      { 'b.env.example': 'PW=\n' },
      ['b.env'],
      {
        message: 'The env file ./b.env does not exist.',
        hint: 'cp ./b.env.example ./b.env && chmod 600 ./b.env, then set PW in it',
      },
    ],
    [
      'a key in none of its files',
      { 'a.env': 'OTHER=1\n', 'b.env': '' },
      ['a.env', 'b.env'],
      { message: 'PW is not set in ./a.env, ./b.env.', hint: "add a line PW='…' to ./b.env" },
    ],
    [
      'an empty one',
      { 'a.env': 'PW=\n' },
      ['a.env'],
      { message: 'PW is not set in ./a.env.', hint: "add a line PW='…' to ./a.env" },
    ],
    ...['\n', '\r'].map((end): [string, Files, string[], { message: string; hint: string }] => [
      `one with ${JSON.stringify(end)} in it, which a line of a PGPASSFILE cannot hold`,
      { 'a.env': `PW='a${end}b'\n` },
      ['a.env'],
      { message: 'PW in ./a.env contains a newline.', hint: 'use a password without one' },
    ]),
  ])('is refused: %s', (...row) => {
    const [, files, names, expected] = row
    expect(() => read(files, names)).toThrow(expect.objectContaining({ exitCode: 2, ...expected }))
  })

  it('is refused where its file cannot be read, required or not', () => {
    using directory = temporaryDirectory()
    const path = join(directory.path, 'a.env')
    mkdirSync(path)
    for (const required of [true, false])
      expect(() => readPassword({ key: 'PW', files: [{ path, required }] }, {})).toThrow(
        expect.objectContaining({ exitCode: 2, message: `The env file ${path} cannot be read: EISDIR.` }),
      )
  })
})

describe('a URL that holds the password', () => {
  it('is taken apart, with a socket for a host too', () => {
    expect(read({ 'a.env': 'PW=postgres://u:p%40@db/shop\n' }, ['a.env'])).toBe('p@')
    expect(read({ 'a.env': 'PW=postgres://u:p@/shop?socket=/tmp\n' }, ['a.env'])).toBe('p')
  })

  it.each([
    ['postgres://u@db/shop', 'The URL in PW of ./a.env has no password.'],
    ['postgres://u:100%@db/shop', 'The URL in PW of ./a.env has a "%" that begins no escape.'],
    ['postgres://u:a/b@db/shop', 'The URL in PW of ./a.env cannot be read.'],
  ])('is told as one where it has none or cannot be read: %s', (url, message) => {
    expect(() => read({ 'a.env': `PW=${url}\n` }, ['a.env'])).toThrow(message)
  })
})
