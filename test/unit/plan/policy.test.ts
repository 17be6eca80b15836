import { describe, expect, it } from 'vitest'
import { type Lifted, nothingLifted } from '../../../src/model/policy.ts'
import type { DatabaseState, Policy, Problem } from '../../../src/model/types.ts'
import { findRefusals } from '../../../src/plan/policy.ts'
import { requireAllowed } from '../../../src/plan/up.ts'
import { databaseState, environment } from '../support/fixtures.ts'

const warning = (rule: string, line: number): Problem => ({
  rule,
  level: 'warning',
  file: '3_c.sql',
  line,
  message: 'is dangerous',
})

const warned = (state: DatabaseState, file: string, problems: Problem[]): DatabaseState => ({
  ...state,
  files: state.files.map((entry) => (entry.file === file ? { ...entry, problems } : entry)),
})

/** Version 1 is edited, 2 is out of order, 3 carries a warning, 9 is missing. */
const state = (): DatabaseState => {
  const files = ['1_a.sql', '2_b.sql', '3_c.sql', '95_z.sql']
  const base = databaseState('iam', { files, applied: ['1', '3', '9'], checksums: new Map([['1', 'old']]) })
  return {
    ...base,
    files: base.files.map((file) => (file.version === '1' ? { ...file, checksum: 'new' } : file)),
  }
}

const find = (databases: DatabaseState[], change: Partial<Policy> = {}, lifted: Partial<Lifted> = {}) => {
  const { policy, ...rest } = environment()
  const given = { ...rest, policy: { ...policy, ...change } }
  return findRefusals(given, databases, { ...nothingLifted, ...lifted })
}

describe('policy refuses', () => {
  it('what is edited, out of order or missing, each with the one flag that lifts it', () => {
    expect(find([state()]).map(({ message, flag }) => [message, flag])).toEqual([
      ['iam_qual: 1_a.sql was edited since it was applied', '--accept-edit 1'],
      ['iam_qual: 2_b.sql would run out of order: 9 is applied already', '--allow-out-of-order 2'],
      ['iam_qual: 9 is applied, but has no file in this checkout (an older one?)', '--allow-missing 9'],
    ])
  })

  it('warnings of a file that is to run, by their rule', () => {
    const pending = warned(databaseState('rag', { files: ['3_c.sql'] }), '3_c.sql', [
      warning('drop-table', 4),
    ])
    expect(find([pending])).toEqual([
      {
        kind: 'warnings',
        database: 'rag_qual',
        subject: 'drop-table',
        message: 'rag/3_c.sql:4: is dangerous (drop-table)',
        flag: '--accept-warning drop-table',
        place: 'rag/3_c.sql:4',
      },
    ])
  })

  it('no warning of a file that is applied', () => {
    const applied = databaseState('rag', { files: ['3_c.sql'], applied: ['3'] })
    expect(find([warned(applied, '3_c.sql', [warning('drop-table', 4)])])).toEqual([])
  })

  it.each<[string, Partial<Policy>, Partial<Lifted>, string[]]>([
    ['the environment allows it', { outOfOrder: 'allow' }, {}, ['edited', 'missing']],
    ['its version was lifted', {}, { missing: ['9'] }, ['edited', 'outOfOrder']],
    ['and nothing when all is lifted', {}, { missing: ['9'], edited: ['1'], outOfOrder: ['2'] }, []],
    ['unless another version was lifted', {}, { missing: ['8'] }, ['edited', 'outOfOrder', 'missing']],
  ])('less when %s', (...[, change, lifted, kinds]) => {
    expect(find([state()], change, lifted).map(({ kind }) => kind)).toEqual(kinds)
  })
})

describe('a refused plan', () => {
  it('stops with 4, all reasons, and one command that lifts them', () => {
    const refusals = find([state()])
    const plan = { version: 1, command: 'up', environment: 'qual', steps: [], refusals } as const
    expect(() => requireAllowed(plan, 'po-migrate up qual')).toThrowError(
      expect.objectContaining({
        exitCode: 4,
        message: 'qual: refused by policy.',
        hint: 'put it right, or, if it is meant so: po-migrate up qual --accept-edit 1 --allow-out-of-order 2 --allow-missing 9',
      }),
    )
  })

  it('names the rule of a warning, the line that says that it is meant, and the policy; a rule once', () => {
    const many = [4, 5, 6, 7, 8, 9, 10, 11, 12, 13].map((line) => warning('drop-table', line))
    const problems = [...many, warning('rename', 20)]
    const refusals = find([warned(databaseState('rag', { files: ['3_c.sql'] }), '3_c.sql', problems)])
    const plan = { version: 1, command: 'up', environment: 'qual', steps: [], refusals } as const
    const places = [5, 6, 7, 8, 9, 10, 11, 12].map((line) => `rag/3_c.sql:${line}`).join(', ')
    expect(() => requireAllowed(plan, 'po-migrate up qual')).toThrowError(
      expect.objectContaining({
        exitCode: 4,
        details: [
          'rag/3_c.sql:4: is dangerous (drop-table)',
          `  and 9 more: ${places}, …`,
          '  meant so: "-- po-migrate:ignore drop-table REASON" above the statement; for once: --accept-warning drop-table',
          '  never refused in qual: policy: { warnings: allow }',
          'rag/3_c.sql:20: is dangerous (rename)',
          '  meant so: "-- po-migrate:ignore rename REASON" above the statement; for once: --accept-warning rename',
          '  never refused in qual: policy: { warnings: allow }',
        ],
        hint: 'put it right, or, if it is meant so: po-migrate up qual --accept-warning drop-table --accept-warning rename',
      }),
    )
  })

  it('passes when nothing is refused', () => {
    const plan = { version: 1, command: 'up', environment: 'qual', steps: [], refusals: [] } as const
    expect(() => requireAllowed(plan, 'po-migrate up qual')).not.toThrow()
  })
})
