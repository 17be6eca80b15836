import { beforeAll, describe, expect, it } from 'vitest'
import { lintMigration } from '../../../src/lint/lint.ts'
import { loadParser, type Parse } from '../../../src/lint/parse.ts'
import { clusterWide } from '../../../src/lint/rules/errors/cluster-wide.ts'
import { rules } from '../../../src/lint/rules.ts'
import { normalise } from '../../../src/model/ledger.ts'
import { parseMigration } from '../../../src/model/migration.ts'

let parse: Parse
beforeAll(async () => {
  parse = await loadParser()
})

const lint = (text: string, only = rules): [string, number | undefined, string][] =>
  lintMigration(parseMigration('00001_a.sql', text), parse, only).map(({ rule, line, message }) => [
    rule,
    line,
    message,
  ])
/** Only the rule's finding and what is said of directives. */
const found = (text: string): [string, number | undefined][] =>
  lint(text, [clusterWide]).map(([rule, line]) => [rule, line])

const ignore = '-- po-migrate:ignore cluster-wide one server an environment'
const file = (up: string, down = '', head = ''): string =>
  `${head}-- migrate:up\n${up}\n-- migrate:down\n${down}\n`

describe('an ignore directive', () => {
  it.each<[where: string, up: string]>([
    ['directly above its statement', `${ignore}\ncreate role a;`],
    ['above it, with a comment and a blank line between', `${ignore}\n\n-- who reads\ncreate role a;`],
    ['inside its statement', `create role a\n${ignore}\n  nologin;`],
    ['with Windows line ends', `${ignore}\r\ncreate role a;\r`],
    ['with tabs before the reason', `${ignore.replace('wide one', 'wide \t one')}\ncreate role a;`],
  ])('takes a finding away: %s', (_, up) => {
    expect(found(file(up))).toEqual([])
  })

  it('covers one statement, not the next', () => {
    expect(found(file(`${ignore}\ncreate role a;\ncreate role b;`))).toEqual([['cluster-wide', 4]])
  })

  it('covers no statement above it', () => {
    expect(found(file(`create role a;\n${ignore}`))).toEqual([
      ['cluster-wide', 2],
      ['unused-ignore', 3],
    ])
  })

  it('does not reach from one section into the other', () => {
    expect(found(file(`select 1;\n${ignore}`, 'drop role a;'))).toEqual([
      ['unused-ignore', 3],
      ['cluster-wide', 5],
    ])
    expect(found(file('select 1;', `${ignore}\ndrop role a;`))).toEqual([])
  })

  it('covers the whole file when it stands above the up marker', () => {
    expect(found(file('create role a;\ncreate role b;', 'drop role a;', `${ignore}\n`))).toEqual([])
  })

  it('of another rule takes nothing away', () => {
    const other = '-- po-migrate:ignore literal-database here it is the same everywhere'
    expect(lint(file(`${other}\ncreate role a;`))).toEqual([
      ['unused-ignore', 2, 'ignores literal-database, which finds nothing here'],
      ['cluster-wide', 3, expect.any(String)],
    ])
  })

  it.each<[what: string, directive: string, message: string]>([
    [
      'an unknown rule, with the one that was meant',
      '-- po-migrate:ignore cluster-wise x',
      'did you mean cluster-wide?',
    ],
    ['no reason', '-- po-migrate:ignore cluster-wide', 'without a reason'],
    ['no rule', '-- po-migrate:ignore', 'names no rule'],
    ['an indent, which the checksum would see', ` ${ignore}`, 'in column 0'],
    ['another spelling, which the checksum would see', ignore.replace('-- po', '--po'), 'in column 0'],
    ['another verb', ignore.replace('ignore', 'ingore'), 'in column 0'],
  ])('with %s is a finding, and the error stays', (_, directive, message) => {
    expect(lint(file(`${directive}\ncreate role a;`))).toEqual([
      ['unused-ignore', 2, expect.stringContaining(message)],
      ['cluster-wide', 3, expect.any(String)],
    ])
  })

  it.each<[rule: string, up: string]>([
    ['own-transaction', 'begin;'],
    ['several-without-transaction', 'select 1;'],
    ['copy-stdin', 'copy a from stdin;'],
  ])('cannot lift %s, and says so', (rule, up) => {
    const option = rule === 'several-without-transaction' ? ' transaction:false' : ''
    const text = `-- migrate:up${option}\nselect 0;\n-- po-migrate:ignore ${rule} I know\n${up}\n-- migrate:down\n`
    const problems = lint(option ? text : text.replace('select 0;\n', ''))
    expect(problems.map(([id]) => id).sort()).toEqual([rule, 'unused-ignore'].sort())
    expect(problems.find(([id]) => id === 'unused-ignore')?.[2]).toContain('cannot be ignored')
  })

  it('is not called unused behind a syntax error, where no rule could look', () => {
    const text = file(`${ignore}\ncreate role a;\nselec 1;`)
    expect(lint(text).map(([rule]) => rule)).toEqual(['syntax'])
  })

  it('lifts a syntax error for the whole file only: the server may be newer than the grammar', () => {
    const newer = '-- po-migrate:ignore syntax the server is Postgres 18'
    expect(lint(file('create tabel a ();', '', `${newer}\n`))).toEqual([])
    expect(lint(file(`${newer}\ncreate tabel a ();`)).map(([rule]) => rule)).toEqual(['syntax'])
  })

  it('leaves the checksum of its file as it was', () => {
    const bare = file('create role a;')
    expect(normalise(file(`${ignore}\ncreate role a;`))).toBe(normalise(bare))
    expect(normalise(`${ignore}\n${bare}`)).toBe(normalise(bare))
  })

  it.each(['irreversible', 'needs-data'])('is another thing than po-migrate:%s', (directive) => {
    expect(lint(file('select 1;', '', `-- po-migrate:${directive} rows are gone\n`))).toEqual([])
  })
})
