import { describe, expect, it } from 'vitest'
import { describePlan } from '../../../src/model/plan.ts'
import type { Step } from '../../../src/model/step.ts'
import { planDocument } from '../../../src/report/run-documents.ts'
import { managedDatabase, parsed } from '../support/fixtures.ts'

describe('a plan as a document', () => {
  const managed = managedDatabase('iam', '_qual')
  const steps: Step[] = [
    { kind: 'create-network', network: 'net' },
    { kind: 'create-volume', volume: 'vol' },
    { kind: 'start-stack', stack: { file: '/compose.yml', project: 'po-dev' } },
    { kind: 'pull-image', image: 'dbmate:2' },
    { kind: 'create-database', managed },
    { kind: 'apply-migration', managed, migration: parsed('00001_a.sql') },
  ]
  const document = describePlan({ version: 1, command: 'up', environment: 'qual', steps })

  it('numbers every step from 1 and names what it touches, by its name on the server', () => {
    expect(document).toEqual({
      version: 1,
      command: 'up',
      environment: 'qual',
      steps: [
        { step: 1, kind: 'create-network', network: 'net' },
        { step: 2, kind: 'create-volume', volume: 'vol' },
        { step: 3, kind: 'start-stack', stack: 'po-dev' },
        { step: 4, kind: 'pull-image', image: 'dbmate:2' },
        { step: 5, kind: 'create-database', database: 'iam_qual' },
        { step: 6, kind: 'apply-migration', database: 'iam_qual', migration: '00001_a.sql' },
      ],
      refusals: [],
    })
  })

  it('has the shape that is promised for --json', () => {
    expect(planDocument.parse(document)).toEqual(document)
  })

  it('names what backups and restores touch', () => {
    const swaps = [
      { database: 'iam', beside: 'iam_restore_x', replaced: 'iam_before_x' },
      { database: 'rag', beside: 'rag_restore_x', replaced: null },
    ]
    const recovery = describePlan({
      version: 1,
      command: 'restore',
      environment: 'qual',
      steps: [
        { kind: 'dump-database', database: 'iam' },
        { kind: 'dump-roles' },
        { kind: 'prove-backup' },
        { kind: 'keep-backup', directory: '/b' },
        { kind: 'create-roles', roles: ['app'] },
        { kind: 'restore-beside', database: 'iam', beside: 'iam_restore_x', directory: '/b' },
        { kind: 'swap-databases', swaps },
        { kind: 'drop-replaced', database: 'iam_before_w' },
      ],
    })
    expect(planDocument.parse(recovery)).toEqual(recovery)
    expect(recovery.steps.map(({ step, kind, ...names }) => [step, kind, names])).toEqual([
      [1, 'dump-database', { database: 'iam' }],
      [2, 'dump-roles', {}],
      [3, 'prove-backup', {}],
      [4, 'keep-backup', { directory: '/b' }],
      [5, 'create-roles', { roles: ['app'] }],
      [6, 'restore-beside', { database: 'iam', directory: '/b' }],
      [7, 'swap-databases', { databases: ['iam', 'rag'], replaced: ['iam_before_x'] }],
      [8, 'drop-replaced', { database: 'iam_before_w' }],
    ])
  })
})
