import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readMigrations } from '../../../../src/io/dbmate/files.ts'
import { migration } from '../../../support/tool/project.ts'
import { managedDatabase, temporaryDirectory } from '../../support/fixtures.ts'

const read = (files: Record<string, string>) => {
  using directory = temporaryDirectory()
  for (const [name, text] of Object.entries(files)) directory.write(name, text)
  return readMigrations({ ...managedDatabase('iam'), directory: directory.path })
}

describe("a database's directory", () => {
  it("is read in dbmate's order: by name, as strings", () => {
    const { files } = read({ '9_c.sql': migration(''), '10_a.sql': migration(''), '8_b.sql': migration('') })
    expect(files.map(({ file }) => file)).toEqual(['10_a.sql', '8_b.sql', '9_c.sql'])
  })

  it('gives away names that dbmate would skip, and leaves other files alone', () => {
    const { files, strays } = read({
      '00001_a.sql': migration(''),
      '00002_b.SQL': migration(''),
      'x_00003.sql': migration(''),
      'README.md': '',
      '.00001_a.sql.swp': '',
    })
    expect(files.map(({ file }) => file)).toEqual(['00001_a.sql'])
    expect(strays.map(({ file }) => file)).toEqual(['00002_b.SQL', 'x_00003.sql'])
  })

  it('marks the second of two files of one version', () => {
    const { files } = read({ '1_a.sql': migration(''), '1_b.sql': migration('') })
    expect(files.map(({ problems }) => problems.length)).toEqual([0, 1])
  })

  it('marks files that run before a lower number, and leaves numbers before timestamps alone', () => {
    const marked = (...names: string[]): string[] =>
      read(Object.fromEntries(names.map((name) => [name, migration('')]))).files.flatMap(
        ({ file, problems }) => (problems.some(({ rule }) => rule === 'version-width') ? [file] : []),
      )
    expect(marked('9_a.sql', '10_b.sql', '11_c.sql')).toEqual(['10_b.sql', '11_c.sql'])
    expect(marked('99999_a.sql', '100000_b.sql')).toEqual(['100000_b.sql'])
    expect(marked('00009_a.sql', '00010_b.sql', '20260101000000_c.sql')).toEqual([])
    expect(marked('1_a.sql', '1_b.sql')).toEqual([])
  })

  it('takes nothing for a migration that cannot be read as a file, and waits for none', () => {
    using directory = temporaryDirectory()
    directory.write('00001_a.sql', migration('select 1;'))
    mkdirSync(join(directory.path, '00002_directory.sql'))
    execFileSync('mkfifo', [join(directory.path, '00003_pipe.sql')])
    symlinkSync('nowhere', join(directory.path, '00004_link.sql'))
    symlinkSync('/dev/zero', join(directory.path, '00005_device.sql'))
    symlinkSync('00006_loop.sql', join(directory.path, '00006_loop.sql'))
    symlinkSync('00001_a.sql', join(directory.path, '00007_linked.sql'))
    mkdirSync(join(directory.path, 'old'))
    const { files, strays } = readMigrations({ ...managedDatabase('iam'), directory: directory.path })
    expect(strays).toEqual([])
    expect(files.map(({ file, problems }) => [file, problems.map(({ rule }) => rule).join()])).toEqual([
      ['00001_a.sql', ''],
      ['00002_directory.sql', 'unreadable-file'],
      ['00003_pipe.sql', 'unreadable-file'],
      ['00004_link.sql', 'unreadable-file'],
      ['00005_device.sql', 'unreadable-file'],
      ['00006_loop.sql', 'unreadable-file'],
      ['00007_linked.sql', ''],
    ])
  })

  it('reads nothing behind a NUL byte, and says in which line it stands', () => {
    const { files } = read({
      '1_a.sql': migration('select 1;\0\ndrop table a;'),
      '2_b.sql': migration("select '\\0';"),
    })
    expect(files.map(({ problems, migration: parsed }) => [problems, parsed !== undefined])).toEqual([
      [[expect.objectContaining({ rule: 'nul-byte', level: 'error', line: 2 })], false],
      [[], true],
    ])
  })

  it('names the size of a file that cannot run, and the limit, without reading it', () => {
    using directory = temporaryDirectory()
    truncateSync(directory.write('1_a.sql', migration('select 1;')), 64 * 2 ** 20 + 1)
    truncateSync(directory.write('2_b.sql', migration('select 1;')), 2 ** 40)
    const { files } = readMigrations({ ...managedDatabase('iam'), directory: directory.path })
    expect(files.map(({ problems: [problem] }) => `${problem?.rule} ${problem?.message}`)).toEqual([
      expect.stringMatching(/^too-large has 64\.0 MB, more than the 64\.0 MB /),
      expect.stringMatching(/^too-large has 1048576\.0 MB, /),
    ])
  })

  it.each([
    ['is empty', {}],
    ['has other files only', { 'README.md': '' }],
  ])('that %s is an error that says how to make the first file', (_, files) => {
    expect(() => read(files)).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: expect.stringContaining('has no migration'),
        hint: 'po-migrate new iam initial_schema',
      }),
    )
  })

  it('that is missing is an error that names it', () => {
    expect(() => readMigrations(managedDatabase('iam'))).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: 'The migrations directory of iam does not exist: /store/iam',
      }),
    )
  })
})
