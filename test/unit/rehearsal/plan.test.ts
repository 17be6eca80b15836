import { describe, expect, it } from 'vitest'
import type { Plan } from '../../../src/model/plan.ts'
import { addRehearsal, type Hindrance } from '../../../src/rehearsal/plan/add-rehearsal.ts'
import { partsOf } from '../../../src/rehearsal/plan/parts.ts'
import { wishOf } from '../../../src/rehearsal/with-rehearsal.ts'
import type { MigrateStep } from '../../../src/run/steps/migrate-kinds.ts'
import { migration } from '../../support/tool/project.ts'
import { environment, managedDatabase, parsed } from '../support/fixtures.ts'

const apply = (database: string, file: string, reason?: string): MigrateStep => ({
  kind: 'apply-migration',
  managed: managedDatabase(database),
  migration: parsed(
    file,
    `${reason === undefined ? '' : `-- po-migrate:needs-data ${reason}\n`}${migration('select 1;')}`,
  ),
})

const planOf = (...steps: MigrateStep[]): Plan<MigrateStep> => ({
  version: 1,
  command: 'up',
  environment: 'qual',
  steps,
})

const noImage: Hindrance = { why: 'no image', hint: 'docker pull it' }

describe('the parts of a rehearsal', () => {
  it('leave out a file that needs the data and all that follow it, in its database only', () => {
    const parts = partsOf(
      [
        apply('iam', '00001_a.sql'),
        apply('iam', '00002_b.sql', 'it counts'),
        apply('iam', '00003_c.sql'),
        apply('rag', '00001_a.sql'),
      ],
      'schema',
    )
    expect(parts.map(({ steps }) => steps.map((step) => 'migration' in step && step.migration.file))).toEqual(
      [['00001_a.sql'], ['00001_a.sql']],
    )
    expect(parts[0]?.skipped.map(({ reason }) => reason)).toEqual([
      'needs the data: it counts',
      'follows 00002_b.sql, which needs the data: it counts',
    ])
    expect(parts[1]?.skipped).toEqual([])
  })

  it('are one of those databases of a fleet that are alike and get the same files', () => {
    const member = (database: string): MigrateStep => ({
      kind: 'apply-migration',
      managed: { ...managedDatabase(database), member: { fleet: 'tenants', key: database, create: false } },
      migration: parsed('00001_a.sql'),
    })
    const steps = ['one', 'two', 'three', 'four'].map(member)
    const fingerprints = new Map([
      ['one', 'same'],
      ['two', 'same'],
      ['three', 'another'],
      ['four', 'same'],
    ])
    expect(partsOf(steps, 'schema', fingerprints).map(({ managed }) => managed.database)).toEqual([
      'one',
      'three',
    ])
  })

  it('leave nothing out where the data is there, and know only what makes and fills databases', () => {
    const managed = managedDatabase('iam')
    const steps: MigrateStep[] = [
      { kind: 'pull-image', image: 'dbmate' },
      { kind: 'create-database', managed },
      apply('iam', '00001_a.sql', ''),
      { kind: 'accept-edit', managed, migration: parsed('00000_z.sql') },
    ]
    expect(partsOf(steps, 'data').map((part) => part.steps.map(({ kind }) => kind))).toEqual([
      ['create-database', 'apply-migration'],
    ])
  })
})

describe('a plan with a rehearsal', () => {
  const wish = { rehearse: 'schema', asked: false } as const

  it('does it before all else but the image of dbmate', () => {
    const pull: MigrateStep = { kind: 'pull-image', image: 'dbmate' }
    const planned = addRehearsal(planOf(pull, apply('iam', '00001_a.sql')), wish, undefined)
    expect(planned.steps.map(({ kind }) => kind)).toEqual(['pull-image', 'rehearse', 'apply-migration'])
  })

  it('is the plan as it was where it is off, or nothing is to be applied', () => {
    const off = planOf(apply('iam', '00001_a.sql'))
    expect(addRehearsal(off, { rehearse: 'off', asked: false }, noImage)).toBe(off)
    const idle = planOf({ kind: 'create-database', managed: managedDatabase('iam') })
    expect(addRehearsal(idle, { rehearse: 'data', asked: true }, noImage)).toBe(idle)
  })

  it.each([
    ['there is no image', undefined, 'qual is not rehearsed: no image'],
    ['every file needs the data', '', 'qual is not rehearsed: every file needs the data'],
  ])('has a note instead where %s, and is refused where it was asked for', (_, reason, note) => {
    const plan = planOf(apply('iam', '00001_a.sql', reason))
    const planned = addRehearsal(plan, wish, noImage)
    expect(planned).toMatchObject({ notes: [note], steps: [{ kind: 'apply-migration' }] })
    expect(() => addRehearsal(plan, { ...wish, asked: true }, noImage)).toThrow(
      expect.objectContaining({
        exitCode: 4,
        touched: false,
        hint: expect.stringContaining('po-migrate up qual --no-rehearse'),
      }),
    )
  })
})

describe('what is wished for', () => {
  it.each([
    [undefined, { rehearse: 'data', asked: false }],
    ['off', { rehearse: 'off', asked: false }],
    ['schema', { rehearse: 'schema', asked: true }],
  ] as const)('with the flag %s where the environment has data is %o', (given, expected) => {
    expect(wishOf({ ...environment(), rehearse: 'data' }, given)).toEqual(expected)
  })
})
