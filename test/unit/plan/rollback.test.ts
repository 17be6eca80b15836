import { describe, expect, it } from 'vitest'
import type { AppError } from '../../../src/errors.ts'
import { judgeRollback, planRollback, staysOf } from '../../../src/plan/rollback.ts'
import { migration } from '../../support/tool/project.ts'
import { databaseState, environment } from '../support/fixtures.ts'

const undoable = migration('create table t ();', 'drop table t;')
const files = ['00001_a.sql', '00002_b.sql', '00010_c.sql']
const texts = Object.fromEntries(files.map((file) => [file, undoable]))

const plan = (change: Parameters<typeof databaseState>[1] = {}, steps = 1, missingImage?: string) => {
  const state = databaseState('iam', { files, texts, applied: ['00001', '00002', '00010'], ...change })
  return planRollback({ environment: environment(), databases: [state], missingImage, target: { steps } })
}

const namesOf = (planned: ReturnType<typeof plan>): string[] =>
  planned.steps.map((step) => ('migration' in step ? step.migration.file : step.kind))

const refusal = (...args: Parameters<typeof plan>): AppError => {
  try {
    plan(...args)
  } catch (error) {
    return error as AppError
  }
  throw new Error('it was planned')
}

describe('rollback plans', () => {
  it('the newest applied version', () => {
    expect(namesOf(plan())).toEqual(['00010_c.sql'])
  })

  it('several of them, newest first, in the order of strings that dbmate has', () => {
    const odd = ['10_c.sql', '9_b.sql']
    const change = { files: odd, texts: { '10_c.sql': undoable, '9_b.sql': undoable }, applied: ['9', '10'] }
    expect(namesOf(plan(change, 2))).toEqual(['9_b.sql', '10_c.sql'])
  })

  it('nothing where nothing is applied', () => {
    expect(plan({ applied: [] }).steps).toEqual([])
  })

  it("to pull dbmate's image first when this machine has none", () => {
    expect(namesOf(plan({}, 1, 'dbmate:2'))).toEqual(['pull-image', '00010_c.sql'])
  })

  it('no pull where nothing is to be undone', () => {
    expect(plan({ applied: [] }, 1, 'dbmate:2').steps).toEqual([])
  })

  it('no file that is not applied, however new it is', () => {
    expect(namesOf(plan({ applied: ['00001'] }))).toEqual(['00001_a.sql'])
  })
})

describe('rollback --to', () => {
  const applied = ['00001', '00002', '00010']
  const to = (version: string, change: Parameters<typeof databaseState>[1] = {}) => {
    const state = databaseState('iam', { files, texts, applied, ...change })
    return planRollback({
      environment: environment(),
      databases: [state],
      missingImage: undefined,
      target: { to: version },
    })
  }

  it.each([
    ['00010', []],
    ['00002', ['00010_c.sql']],
    ['00001', ['00010_c.sql', '00002_b.sql']],
    ['0', ['00010_c.sql', '00002_b.sql', '00001_a.sql']],
  ])('%s undoes whatever is newer, newest first', (version, expected) => {
    expect(namesOf(to(version))).toEqual(expected)
  })

  it('may be repeated when some of it was done', () => {
    expect(namesOf(to('00001', { applied: ['00001', '00002'] }))).toEqual(['00002_b.sql'])
    expect(namesOf(to('00001', { applied: ['00001'] }))).toEqual([])
    expect(namesOf(to('0', { applied: [] }))).toEqual([])
  })

  it('refuses a version that is not applied, and so could not stay', () => {
    expect(() => to('00003')).toThrow('iam_qual: 00003 is not applied, so it cannot stay.')
  })

  it.each([
    [1, '00002'],
    [2, '00001'],
    [3, '0'],
  ])('%i steps end at the version that stays', (steps, version) => {
    expect(staysOf(plan({}, steps), applied)).toBe(version)
  })
})

describe('rollback refuses', () => {
  it.each<[string, Parameters<typeof plan>[0], RegExp]>([
    [
      'when the newest applied version has no file',
      { files: files.slice(0, 2) },
      /^iam_qual: 00010 has no file/,
    ],
    [
      'a file that was edited since',
      { checksums: new Map([['00010', 'another']]) },
      /00010_c.sql was edited since it was applied/,
    ],
    [
      'an empty down section',
      { texts: { '00010_c.sql': migration('select 1;', '-- nothing\n/* to do */') } },
      /00010_c.sql has an empty down section/,
    ],
    [
      'a file that says it is irreversible, with its reason',
      { texts: { '00010_c.sql': `-- po-migrate:irreversible drops data\n${undoable}` } },
      /00010_c.sql is irreversible: drops data$/,
    ],
  ])('%s', (_, change, expected) => {
    const withChecksum = { ...change }
    const error = refusal(withChecksum)
    expect(error).toMatchObject({ exitCode: 4, details: [expect.stringMatching(expected)] })
  })

  it('with a file to write, but not where one is missing, whose version that might bear', () => {
    expect(refusal({ checksums: new Map([['00010', 'another']]) }).hint).toBe(
      'write a migration that undoes it: po-migrate new iam undo',
    )
    expect(refusal({ files: files.slice(0, 2) }).hint).toMatch(
      /^use the checkout that has 00010, then: po-migrate rollback \w+ --db iam$/,
    )
  })

  it('when one of several cannot be undone: then none is', () => {
    const change = { texts: { ...texts, '00002_b.sql': migration('select 1;') } }
    expect(refusal(change, 3).details).toEqual([expect.stringContaining('00002_b.sql has an empty down')])
  })

  it('more steps than there are applied versions', () => {
    expect(refusal({}, 4)).toMatchObject({
      exitCode: 2,
      message: 'iam_qual: 3 migrations are applied, fewer than 4.',
    })
    expect(refusal({ applied: ['00001'] }, 2).message).toBe('iam_qual: 1 migration is applied, fewer than 2.')
    expect(plan({}, 3).steps).toHaveLength(3)
  })

  it('a file that is irreversible for no reason that it gives, and one that is not fit to run', () => {
    const change = { texts: { ...texts, '00010_c.sql': `-- po-migrate:irreversible\n${undoable}` } }
    expect(refusal(change).details).toEqual(['iam_qual: 00010_c.sql is irreversible'])
    expect(refusal({ texts: { ...texts, '00010_c.sql': 'drop;' } }).details).toEqual([
      'iam_qual: 00010_c.sql is not fit to run; see po-migrate lint',
    ])
  })

  it('while something is in the way of the database', () => {
    const obstacle = { message: 'not dbmate’s table', details: [], hint: 'mend it' }
    expect(refusal({ obstacle })).toMatchObject({
      exitCode: 4,
      message: 'not dbmate’s table',
      hint: 'mend it',
    })
  })
})

describe('the down sections of a plan', () => {
  const problem = (level: 'error' | 'warning', rule: string, line: number) => ({
    rule,
    level,
    file: '00010_c.sql',
    line,
    message: 'is dangerous',
  })
  const judged = (...problems: ReturnType<typeof problem>[]) => [{ file: { file: '00010_c.sql' }, problems }]

  it('stop it when they cannot run', () => {
    expect(() =>
      judgeRollback(plan(), judged(problem('error', 'syntax', 5), problem('warning', 'drop', 6))),
    ).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: 'A down section is not fit to run:',
        details: ['iam/00010_c.sql:5: is dangerous (syntax)'],
        hint: expect.stringContaining('po-migrate lint --explain syntax'),
      }),
    )
  })

  it('are shown with what they lose and lock, a rule once', () => {
    const drops = [5, 6, 7].map((line) => problem('warning', 'drop', line))
    const { notes } = judgeRollback(plan(), judged(...drops, problem('warning', 'unused-ignore', 1)))
    expect(notes).toEqual([
      'iam/00010_c.sql:5: is dangerous (drop)',
      '  and 2 more: iam/00010_c.sql:6, iam/00010_c.sql:7',
    ])
    expect(judgeRollback(plan(), judged())).toEqual(plan())
  })
})
