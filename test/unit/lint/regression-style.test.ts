import { beforeAll, describe, expect, it } from 'vitest'
import { lintMigration } from '../../../src/lint/lint.ts'
import { loadParser, type Parse } from '../../../src/lint/parse.ts'
import { rules } from '../../../src/lint/rules.ts'
import { parseMigration } from '../../../src/model/migration.ts'
import { generateStatements } from '../../support/lint/statement-generator.ts'
import { migration } from '../../support/tool/project.ts'

let parse: Parse
beforeAll(async () => {
  parse = await loadParser()
})

const seed = 20_261_122
const statements = generateStatements(seed, 500)
const kindsOf = (sql: string): string[] => parse(sql, 1).statements.map(({ kind }) => kind)

describe("500 statements in the style of PostgreSQL's regression tests", () => {
  it('are valid, one by one, and of many kinds', () => {
    const faults = statements.flatMap((sql) => {
      const { fault, unread } = parse(sql, 1)
      return fault || unread ? [{ sql, fault, unread }] : []
    })
    expect(faults).toEqual([])
    expect(new Set(statements.flatMap(kindsOf)).size).toBeGreaterThan(60)
  })

  it('crash no rule, up or down, in a transaction or not', () => {
    for (const [index, sql] of statements.entries()) {
      const text = migration(`${sql};`, `${statements.at(-index)};`)
      const outside = text.replaceAll(/migrate:(up|down)/g, '$& transaction:false')
      const file = parseMigration('00001_a.sql', index % 2 === 0 ? text : outside)
      expect(lintMigration(file, parse, rules).map(({ rule }) => rule)).not.toContain('syntax')
    }
  }, 60_000)

  it('keep their text and place in one long file', () => {
    const text = migration(statements.map((sql) => `${sql};`).join('\n'))
    const { migration: parsed, problems } = parseMigration('00001_a.sql', text)
    expect(problems).toEqual([])
    const found = parse(parsed?.up ?? '', parsed?.upLine ?? 0).statements
    expect(found).toHaveLength(statements.length)
    const lines = text.split('\n')
    for (const [index, { text: own, line, column }] of found.entries()) {
      expect(statements[index]?.endsWith(own)).toBe(true)
      const [first = ''] = own.split('\n')
      expect([...(lines[line - 1] ?? '')].slice(column - 1).join('')).toMatch(first.trimEnd())
    }
  })
})
