import { describe, expect, it } from 'vitest'
import { readMigrations } from '../../../src/io/files.ts'
import { migration } from '../../support/project.ts'
import { managedDatabase, temporaryDirectory } from '../support/fixtures.ts'

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
