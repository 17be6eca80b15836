import { describe, expect, it } from 'vitest'
import { describePlan, type Step } from '../../../src/model/plan.ts'
import { planDocument } from '../../../src/report/documents.ts'
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
})
