import { describe, expect, it } from 'vitest'
import { isSkippedName, markDuplicates, parseMigration, parseVersion } from '../../../src/model/migration.ts'
import { migration } from '../../support/tool/project.ts'

const messages = (text: string): string[] =>
  parseMigration('00001_a.sql', text).problems.map(
    ({ line, message }) => `${line === undefined ? '' : `${line}: `}${message}`,
  )

describe('the file name', () => {
  it.each([
    ['00001_initial_schema.sql', '00001'],
    ['20260101120000_a.sql', '20260101120000'],
    ['1.sql', '1'],
    ['0007-b.sql', '0007'],
    ['00001_a b.sql', '00001'],
    ['00001_a.sql.sql', '00001'],
    ['x_00003.sql', undefined],
    ['00004_a.SQL', undefined],
    ['00005_a.sql.bak', undefined],
    [' 00006_a.sql', undefined],
    ['README.md', undefined],
    ['٣_arabic_digit.sql', undefined],
  ])('of %j carries the version %j', (file, version) => {
    expect(parseVersion(file)).toBe(version)
  })

  it.each([
    ['x_00003.sql', true],
    ['00004_a.SQL', true],
    ['00005_a.sql.bak', true],
    [' 00006_a.sql', true],
    ['schema.sql', true],
    ['00001_a.sql', false],
    ['README.md', false],
    ['.gitkeep', false],
    ['.00001_a.sql.swp', false],
    ['00001_a.sqlite', false],
  ])('%j looks like a migration that dbmate skips: %j', (file, skipped) => {
    expect(isSkippedName(file)).toBe(skipped)
  })
})

describe('a sound migration', () => {
  it('is cut at its markers: up holds the marker line and everything before the down marker', () => {
    const text = '-- migrate:up\ncreate table a ();\n\n-- migrate:down\ndrop table a;\n'
    expect(parseMigration('00001_a.sql', text)).toEqual({
      version: '00001',
      file: '00001_a.sql',
      problems: [],
      migration: {
        version: '00001',
        file: '00001_a.sql',
        text,
        up: '-- migrate:up\ncreate table a ();\n\n',
        upLine: 1,
        down: '-- migrate:down\ndrop table a;\n',
        downLine: 4,
        transaction: true,
        downTransaction: true,
      },
    })
  })

  it.each<[string, string]>([
    ['CRLF line ends', '-- migrate:up\r\nselect 1;\r\n-- migrate:down\r\n'],
    ['no space after the dashes', '--migrate:up\nselect 1;\n--migrate:down\n'],
    ['tabs and blanks around the marker', '-- \t migrate:up \t \nselect 1;\n--  migrate:down  \n'],
    ['nothing in either block', '-- migrate:up\n-- migrate:down'],
    ['comments and empty lines before it', '\n-- why\n  -- indented\n \t\n-- migrate:up\n-- migrate:down\n'],
    ['a marker named in the SQL', "-- migrate:up\nselect ' -- migrate:up';\n-- migrate:down\n"],
    ['an option that dbmate does not know', '-- migrate:up colour:blue\n-- migrate:down\n'],
  ])('may have %s', (_, text) => {
    expect(messages(text)).toEqual([])
  })

  it.each([
    ['-- migrate:up\n', 1],
    ['\n\n-- migrate:up\n', 3],
    ['-- a\r\n-- b\r\n\r\n-- migrate:up\r\n', 4],
  ])('%j knows the line of its up marker, from which Postgres counts: %i', (head, line) => {
    expect(parseMigration('1.sql', `${head}select 1;\n-- migrate:down\n`).migration?.upLine).toBe(line)
  })

  it.each([
    ['-- migrate:up', true],
    ['-- migrate:up transaction:true', true],
    ['-- migrate:up transaction:false', false],
    ['-- migrate:up  colour:blue transaction:false ', false],
    ['-- migrate:up transaction:false\r', false],
    ['-- migrate:up transaction:true transaction:false', false],
    ['-- migrate:up transaction:false transaction:true', true],
    ['-- migrate:up xtransaction:false', true],
    ['-- migrate:up\n-- transaction:false', true],
  ])('%j runs in a transaction: %j', (marker, transaction) => {
    const text = `${marker}\nselect 1;\n-- migrate:down\n`
    expect(parseMigration('1.sql', text).migration?.transaction).toBe(transaction)
  })

  it('takes no option from its down marker', () => {
    const text = '-- migrate:up\n-- migrate:down transaction:false\n'
    expect(parseMigration('1.sql', text).migration?.transaction).toBe(true)
  })
})

describe('a file that dbmate would refuse, or run and lose, is told with its line', () => {
  const noUp = '1: has no "-- migrate:up" line'
  const wrongMarker = '1: its "-- migrate:up" line must start in column 0, in lower case, with plain spaces'
  const ignored = 'has a transaction option that dbmate ignores; it reads only "transaction:false"'
  it.each<[string, string, string[]]>([
    ['empty', '', [noUp]],
    ['without markers', 'select 1;\n', [noUp]],
    ['with the down marker only', '-- migrate:down\n', [noUp]],
    ['with text stuck to the marker', '-- migrate:upwards\n-- migrate:down\n', [wrongMarker]],
    ['in wrong case', '-- Migrate:Up\n-- Migrate:Down\n', [wrongMarker]],
    ['indented', '  -- migrate:up\n  -- migrate:down\n', [wrongMarker]],
    ['with a blank in the marker', '-- migrate: up\n-- migrate:down\n', [wrongMarker]],
    ['with a no-break space from a wiki', '--\u00a0migrate:up\n-- migrate:down\n', [wrongMarker]],
    [
      'with a byte order mark',
      '\uFEFF-- migrate:up\n-- migrate:down\n',
      ['1: starts with a byte order mark, so dbmate finds no "-- migrate:up" line'],
    ],
    [
      'with a byte order mark before a comment',
      '\uFEFF-- made in an editor\n-- migrate:up\n-- migrate:down\n',
      ['1: starts with a byte order mark, on which dbmate stops'],
    ],
    [
      'without the down marker',
      '-- migrate:up\nselect 1;\n',
      ['has no "-- migrate:down" line (dbmate needs one, even empty)'],
    ],
    [
      'with lone CR line ends, in which dbmate sees one line',
      '-- migrate:up\rselect 1;\r-- migrate:down\r',
      ['has no "-- migrate:down" line (dbmate needs one, even empty)'],
    ],
    [
      'with the markers in the wrong order',
      '-- migrate:down\n-- migrate:up\n',
      ['1: has "-- migrate:down" before "-- migrate:up"'],
    ],
    [
      'with two up sections',
      '-- migrate:up\n-- migrate:down\n-- migrate:up\n-- migrate:down\n',
      ['3: has a second "-- migrate:up" section, which dbmate runs but cannot record'],
    ],
    [
      'with two down markers',
      '-- migrate:up\n-- migrate:down\n\n-- migrate:down\n',
      ['4: has a second "-- migrate:down" line, on which dbmate stops'],
    ],
    [
      'with a statement before the up marker',
      '-- fine\n\nset search_path = x;\n-- migrate:up\n-- migrate:down\n',
      ['3: has statements before "-- migrate:up"'],
    ],
    [
      'with a block comment before the up marker, which dbmate takes for a statement',
      '/* why */\n-- migrate:up\n-- migrate:down\n',
      ['1: has statements before "-- migrate:up"'],
    ],
    ['with a blank in its option', '-- migrate:up transaction: false\n-- migrate:down\n', [`1: ${ignored}`]],
    ['with = in its option', '\n-- migrate:up transaction=false\n-- migrate:down\n', [`2: ${ignored}`]],
    [
      'with an option in wrong case, on the down side',
      '-- migrate:up\n-- migrate:down transaction:False\n',
      [`2: ${ignored}`],
    ],
    [
      'with several faults, which come all at once',
      'select 1;\n-- migrate:up transaction: false\n-- migrate:up\n',
      [
        '1: has statements before "-- migrate:up"',
        '3: has a second "-- migrate:up" section, which dbmate runs but cannot record',
        'has no "-- migrate:down" line (dbmate needs one, even empty)',
        `2: ${ignored}`,
      ],
    ],
  ])('%s', (_, text, expected) => {
    expect(messages(text)).toEqual(expected)
    expect(parseMigration('1.sql', text).migration).toBeUndefined()
  })
})

describe('two files of one version', () => {
  it('are marked on the later one, which keeps its other problems', () => {
    const files = [
      parseMigration('00001_a.sql', migration('select 1;')),
      parseMigration('00001_b.sql', 'nothing'),
      parseMigration('00002_c.sql', migration('select 1;')),
      parseMigration('00001_z.sql', migration('select 1;')),
    ]
    const marked = markDuplicates(files).map(({ problems }) => problems.map(({ message }) => message))
    expect(marked).toEqual([
      [],
      ['has no "-- migrate:up" line', 'has the same version, 00001, as 00001_a.sql'],
      [],
      ['has the same version, 00001, as 00001_a.sql'],
    ])
  })

  it('are told apart by the digits as they are written: 1 is not 01', () => {
    const files = ['1_a.sql', '01_a.sql'].map((file) => parseMigration(file, migration('')))
    expect(markDuplicates(files).flatMap(({ problems }) => problems)).toEqual([])
  })
})
