import { beforeAll, describe, expect, it } from 'vitest'
import { lintMigration } from '../../../src/lint/lint.ts'
import { loadParser, type Parse } from '../../../src/lint/parse.ts'
import { rules } from '../../../src/lint/rules.ts'
import { parseMigration } from '../../../src/model/migration.ts'
import { migration } from '../../support/tool/project.ts'

let parse: Parse
beforeAll(async () => {
  parse = await loadParser()
})

const lint = (text: string) => lintMigration(parseMigration('00001_a.sql', text), parse, rules)

describe('what lint finds', () => {
  it('comes in the order of the file, not of the rules', () => {
    const up = 'drop table b; create role c;\n\ndrop table d;\ncreate role e;  drop table f;'
    expect(lint(migration(up)).map(({ line, column, rule }) => [line, column, rule])).toEqual([
      [2, 1, 'ban-drop-table'],
      [2, 15, 'cluster-wide'],
      [4, 1, 'ban-drop-table'],
      [5, 1, 'cluster-wide'],
      [5, 17, 'ban-drop-table'],
    ])
  })

  it('is the frame alone where the sections cannot be told apart', () => {
    expect(lint('drop table a;\n').map(({ rule }) => rule)).toEqual(['missing-marker'])
  })
})
