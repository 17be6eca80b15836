import { describe, expect, it } from 'vitest'
import { toCodeQuality } from '../../../src/report/code-quality.ts'
import type { ShownProblem } from '../../../src/report/lint.ts'

const text = 'create table a ();\r\n  drop table b;  \ndrop table b;\n'
const problem = (change: Partial<ShownProblem> = {}): ShownProblem => ({
  rule: 'ban-drop-table',
  level: 'warning',
  database: 'iam',
  file: 'iam/1_a.sql',
  line: 2,
  message: 'b: gone',
  text,
  ...change,
})
const printOf = (change: Partial<ShownProblem> = {}) => toCodeQuality([problem(change)])[0]?.fingerprint

describe("GitLab's Code Quality report", () => {
  it('has an entry for each problem, at its line, or at the first where it has none', () => {
    const { line: _, text: __, ...whole } = problem({ level: 'error', rule: 'syntax' })
    expect(toCodeQuality([problem(), whole])).toEqual([
      {
        description: 'b: gone',
        check_name: 'ban-drop-table',
        fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
        severity: 'minor',
        location: { path: 'iam/1_a.sql', lines: { begin: 2 } },
      },
      {
        description: 'b: gone',
        check_name: 'syntax',
        fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
        severity: 'critical',
        location: { path: 'iam/1_a.sql', lines: { begin: 1 } },
      },
    ])
  })

  it('knows a problem again by the text of its line, wherever that moved and however it is indented', () => {
    expect(printOf({ line: 3, text: `-- new\n${text}` })).toBe(printOf())
    expect(printOf({ message: 'said in other words' })).toBe(printOf())
    expect(printOf({ line: 3 })).toBe(printOf())
    expect(printOf({ line: 1 })).not.toBe(printOf())
  })

  it('tells rules, files and what has no line or no text apart', () => {
    const bare = (message: string) => printOf({ line: undefined, message })
    const prints = [
      printOf(),
      printOf({ rule: 'other' }),
      printOf({ file: 'iam/2_b.sql' }),
      bare('a'),
      bare('b'),
      printOf({ text: undefined, message: 'c' }),
      printOf({ line: 9, message: 'd' }),
    ]
    expect(new Set(prints).size).toBe(prints.length)
  })

  it('tells problems on lines that read alike apart, in their order', () => {
    const prints = toCodeQuality([problem(), problem({ line: 3 }), problem({ line: 2 })])
    expect(new Set(prints.map(({ fingerprint }) => fingerprint)).size).toBe(3)
    expect(prints[0]?.fingerprint).toBe(printOf())
  })
})
