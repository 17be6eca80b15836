import { describe, expect, it } from 'vitest'
import type { DatabaseState, Environment, Problem } from '../../../src/model/types.ts'
import { findNotes } from '../../../src/plan/notes.ts'
import { databaseState, environment } from '../support/fixtures.ts'

const problem = (rule: string, line: number, level: Problem['level'] = 'warning'): Problem => ({
  rule,
  level,
  file: '1_a.sql',
  line,
  message: 'is dangerous',
})

const state = (problems: Problem[], silent: Problem[] = []): DatabaseState => {
  const made = databaseState('rag', { files: ['1_a.sql'] })
  return { ...made, files: made.files.map((file) => ({ ...file, problems, silent })) }
}

const notes = (
  databases: DatabaseState[],
  warnings: 'allow' | 'refuse',
  strictBeside: string[] = ['qual', 'prod'],
): string[] => {
  const base: Environment = environment()
  return findNotes({ ...base, policy: { ...base.policy, warnings }, strictBeside }, databases)
}

describe('what a run goes past', () => {
  it('is told where another environment refuses what this one allows', () => {
    expect(notes([state([problem('drop', 2), problem('drop', 5)])], 'allow')).toEqual([
      'rag/1_a.sql:2: is dangerous (drop)',
      '  and 1 more: rag/1_a.sql:5',
      '  allowed here; qual, prod refuse it, unless it says "-- po-migrate:ignore drop REASON"',
    ])
  })

  it('is told where a table is empty here, and another environment would refuse it with rows', () => {
    const told = [
      'rag/1_a.sql:2: is dangerous (index)',
      '  the table is empty here; where it has rows, prod refuses it, unless it says "-- po-migrate:ignore index REASON"',
    ]
    expect(notes([state([], [problem('index', 2)])], 'allow', ['prod'])).toEqual(told)
    expect(notes([state([], [problem('index', 2)])], 'refuse', ['prod'])).toEqual(told)
  })

  it('is not told where nobody refuses it', () => {
    expect(notes([state([problem('drop', 2)], [problem('index', 3)])], 'allow', [])).toEqual([])
  })

  it('is not told again where this environment refuses it', () => {
    expect(notes([state([problem('drop', 2)])], 'refuse')).toEqual([])
  })

  it('is told of a down section that cannot run, whoever refuses warnings', () => {
    expect(notes([state([], [problem('syntax', 9, 'error')])], 'refuse', [])).toEqual([
      'rag/1_a.sql:9: is dangerous (syntax)',
      '  stops no run; a rollback is refused until it is put right',
    ])
  })

  it('is not told of applied files', () => {
    const applied = { ...state([problem('drop', 2)], [problem('index', 3)]), applied: ['1'] }
    expect(notes([applied], 'allow')).toEqual([])
  })
})
