import { describe, expect, it } from 'vitest'
import type { StepStatus } from '../../../src/model/outcome.ts'
import type { Step } from '../../../src/model/step.ts'
import { renderRollback } from '../../../src/report/rollback.ts'
import {
  renderHeader,
  renderMissing,
  renderNothingToDo,
  renderPlan,
  renderRefusals,
  renderSummary,
} from '../../../src/report/up.ts'
import { migrateKinds } from '../../../src/run/steps/migrate-kinds.ts'
import {
  databaseState,
  environment,
  managedDatabase,
  memberDatabase,
  parsed,
  plainPaint,
} from '../support/fixtures.ts'

const iam = managedDatabase('iam', '_qual')
const calendar = managedDatabase('calendar', '_qual')
const apply = (managed: typeof iam, file: string) =>
  ({ kind: 'apply-migration', managed, migration: parsed(file) }) as const

describe('what a run will act on', () => {
  it('is its place, or the embedded engine, which has none', () => {
    const image = 'registry:5000/dbmate:2.36.0'
    expect(renderHeader('up', { environment: environment(), image }, plainPaint)).toBe(
      'up qual · host vps · network po-shared-network · dbmate 2.36.0',
    )
    const embedded = { ...environment(), engine: 'embedded' } as const
    expect(renderHeader('up', { environment: embedded, image }, plainPaint)).toBe(
      'up qual · embedded Postgres · dbmate 2.36.0',
    )
  })
})

describe('a plan for people', () => {
  it('is numbered from 1, the databases in one column', () => {
    const steps = [{ kind: 'create-database', managed: iam } as const, apply(calendar, '00001_a.sql')]
    const plan = { version: 1, command: 'up', environment: 'qual', steps } as const
    expect(renderPlan(plan, migrateKinds, plainPaint)).toBe(
      '  1  iam_qual       create database\n  2  calendar_qual  00001_a.sql\n',
    )
  })

  it('has a line for each file of a fleet, where many of its databases get the same', () => {
    const of = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        ['00001_a.sql', '00002_b.sql'].map((file) => ({
          ...apply(calendar, file),
          managed: memberDatabase(`t${index}`),
        })),
      ).flat()
    const behind = { ...apply(calendar, '00002_b.sql'), managed: memberDatabase('late') }
    const render = (steps: readonly ReturnType<typeof apply>[]) =>
      renderPlan({ version: 1, command: 'up', environment: 'qual', steps }, migrateKinds, plainPaint)
    expect(render([apply(iam, '00001_a.sql'), ...of(1000), behind])).toBe(
      [
        '   1  iam_qual                 00001_a.sql',
        '   2  tenants: 1000 databases  00001_a.sql',
        '   3  tenants: 1000 databases  00002_b.sql',
        '2002  late                     00002_b.sql',
        '',
      ].join('\n'),
    )
    expect(render(of(5)).split('\n')).toHaveLength(11)
  })

  it('tells what many databases of a fleet miss once', () => {
    const states = ['t1', 't2', 't3'].map((key) =>
      databaseState(key, { managed: memberDatabase(key), applied: key === 't3' ? ['00002'] : ['00001'] }),
    )
    expect(renderMissing(states)).toEqual([
      'tenants (t1, t2): 00001 applied, but not in this checkout (an older one?)',
      't3: 00002 applied, but not in this checkout (an older one?)',
    ])
  })

  it('sums up what became of a fleet', () => {
    const done = (step: Step) => ({ step, status: 'done' as const })
    const outcomes = [
      done(apply(iam, '00001_a.sql')),
      ...['t1', 't2'].map((key) => done({ ...apply(calendar, '00001_a.sql'), managed: memberDatabase(key) })),
    ]
    expect(renderSummary({ environment: 'qual', outcomes, ms: 1000 })).toBe(
      'qual: 3 migrations applied in 1.0 s.\n' +
        '  iam_qual  1 migration   00001\n' +
        '  tenants   2 migrations  2 databases\n',
    )
    expect(renderSummary({ environment: 'qual', outcomes: outcomes.slice(1), ms: 1000 })).toBe(
      'qual: 2 migrations applied in 1.0 s (tenants: 2 databases).\n',
    )
    expect(renderSummary({ environment: 'qual', outcomes: outcomes.slice(2), ms: 1000 })).toBe(
      'qual: 1 migration applied in 1.0 s (t2: 00001).\n',
    )
  })

  it('tells what is missing here, and what up will refuse, where there is any', () => {
    const states = [
      databaseState('iam', { files: ['00002_b.sql'], applied: ['00001', '00002', '00003'] }),
      databaseState('rag', { files: ['00001_a.sql'], applied: ['00001'] }),
    ]
    expect(renderMissing(states)).toEqual([
      'iam_qual: 00001, 00003 applied, but not in this checkout (an older one?)',
    ])
    const plan = { version: 1, command: 'up', environment: 'qual', steps: [] } as const
    expect(renderRefusals(plan, plainPaint)).toBe('')
    const refusal = {
      kind: 'missing',
      database: 'iam_qual',
      subject: '00001',
      message: 'M',
      flag: '--allow-missing 00001',
    } as const
    expect(renderRefusals({ ...plan, refusals: [refusal] }, plainPaint)).toBe(
      '– up will refuse: M\n  lifted by --allow-missing 00001\n',
    )
  })

  it('of a rollback shows the SQL that runs, by the lines of its file', () => {
    const undo = parsed(
      '00001_a.sql',
      `-- migrate:up\nselect 1;\n${'\n'.repeat(5)}-- migrate:down\ndrop a;\n`,
    )
    const steps: Step[] = [
      { kind: 'pull-image', image: 'i' },
      { kind: 'rollback-migration', managed: iam, migration: undo },
    ]
    expect(renderRollback({ version: 1, command: 'rollback', environment: 'qual', steps }, plainPaint)).toBe(
      '  1  pull-image\n  2  iam_qual  roll back 00001_a.sql\n       8 | -- migrate:down\n       9 | drop a;\n',
    )
  })
})

describe('what a run did', () => {
  it('is the sum of all databases where nothing was to do', () => {
    const states = [databaseState('iam', { applied: ['1', '2'] }), databaseState('rag', { applied: ['1'] })]
    expect(renderNothingToDo('qual', states)).toBe(
      'qual: nothing to do, 3 migrations applied in 2 databases.\n',
    )
  })

  it('counts what was done, database by database, and nothing else', () => {
    const outcome = (step: Step, status: StepStatus) => ({ step, status })
    const outcomes = [
      outcome({ kind: 'pull-image', image: 'i' }, 'done'),
      outcome({ kind: 'create-database', managed: iam }, 'done'),
      outcome(apply(iam, '00001_a.sql'), 'done'),
      outcome(apply(calendar, '00001_a.sql'), 'done'),
      outcome(apply(calendar, '00002_b.sql'), 'done'),
      outcome(apply(calendar, '00003_c.sql'), 'failed'),
    ]
    const summary = { environment: 'qual', ms: 900 }
    expect(renderSummary({ ...summary, outcomes })).toBe(
      'qual: 3 migrations applied in 900 ms.\n' +
        '  iam_qual       1 migration   00001\n' +
        '  calendar_qual  2 migrations  00001 to 00002\n',
    )
    expect(renderSummary({ ...summary, outcomes: outcomes.slice(0, 2) })).toBe(
      'qual: 0 migrations applied in 900 ms.\n',
    )
    const undone = { ...apply(iam, '00001_a.sql'), kind: 'rollback-migration' }
    expect(renderSummary({ ...summary, outcomes: [outcome(undone, 'done')] })).toBe(
      'qual: 1 migration rolled back in 900 ms (iam_qual: 00001).\n',
    )
  })
})
