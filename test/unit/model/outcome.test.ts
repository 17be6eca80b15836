import { describe, expect, it } from 'vitest'
import { describeOutcome, outcomesByDatabase, type StepStatus } from '../../../src/model/outcome.ts'
import type { Step } from '../../../src/model/step.ts'
import { managedDatabase, memberDatabase, parsed } from '../support/fixtures.ts'

const apply = (database: string, version: string, status: StepStatus) => ({
  step: {
    kind: 'apply-migration',
    managed: managedDatabase(database),
    migration: parsed(`${version}_a.sql`),
  } satisfies Step,
  status,
})
const create = (database: string, status: StepStatus) => ({
  step: { kind: 'create-database', managed: managedDatabase(database) } satisfies Step,
  status,
})

describe('the outcome of a stopped run', () => {
  it('says of every database what stays, what did not start and what is untouched', () => {
    expect(
      describeOutcome([
        { step: { kind: 'pull-image', image: 'dbmate:1' }, status: 'done' },
        apply('iam', '00001', 'done'),
        apply('calendar', '00008', 'done'),
        apply('calendar', '00009', 'failed'),
        apply('calendar', '00010', 'skipped'),
        apply('rag', '00001', 'skipped'),
      ]),
    ).toEqual([
      'iam       done',
      'calendar  failed: 00008 stays applied, 1 not started',
      'rag       untouched',
    ])
  })

  it('says of a fleet how many ended how, and of the only one of it what of any other', () => {
    const inFleet = (key: string, version: string, status: StepStatus) => ({
      ...apply(key, version, status),
      step: { ...apply(key, version, status).step, managed: memberDatabase(key) },
    })
    const of = [
      inFleet('t1', '1', 'done'),
      inFleet('t2', '1', 'done'),
      inFleet('t2', '2', 'failed'),
      inFleet('t3', '1', 'done'),
      inFleet('t3', '2', 'skipped'),
      inFleet('t4', '1', 'skipped'),
    ]
    expect(describeOutcome([apply('iam', '1', 'done'), ...of])).toEqual([
      'iam      done',
      'tenants  1 done, 1 failed, 1 stopped half-way, 1 not started',
    ])
    expect(describeOutcome(of.slice(1, 3))).toEqual(['t2  failed: 1 stays applied'])
  })

  it.each([
    ['nothing of it was applied', [apply('a', '1', 'failed')], 'a  failed: nothing new applied'],
    [
      'two files stay',
      [apply('a', '1', 'done'), apply('a', '2', 'done'), apply('a', '3', 'failed')],
      'a  failed: 1, 2 stay applied',
    ],
    [
      'it was created only',
      [create('a', 'done'), apply('a', '1', 'failed'), apply('a', '2', 'skipped')],
      'a  failed: nothing new applied, 1 not started',
    ],
  ])('when %s', (_, outcomes, expected) => {
    expect(describeOutcome(outcomes)).toEqual([expected])
  })

  const judged = (version: string, work: 'done' | 'unknown') => ({ ...apply('a', version, 'failed'), work })
  it.each([
    ['the work of a failed step is there all the same', [judged('1', 'done')], 'a  failed: 1 stays applied'],
    [
      'nobody can say what became of it',
      [judged('1', 'unknown'), apply('a', '2', 'skipped')],
      'a  failed: whether 1 is applied is not known; nothing else is known to be applied, 1 not started',
    ],
    [
      'it came to a rollback',
      [
        { ...apply('a', '2', 'done'), step: { ...apply('a', '2', 'done').step, kind: 'rollback-migration' } },
        apply('a', '1', 'failed'),
      ],
      'a  failed: 2 stays rolled back',
    ],
  ])('when %s', (_, outcomes, expected) => {
    expect(describeOutcome(outcomes)).toEqual([expected])
  })

  it('says nothing when the run was about no database', () => {
    expect(describeOutcome([{ step: { kind: 'create-network', network: 'n' }, status: 'failed' }])).toEqual(
      [],
    )
  })

  it('tells a database where an interrupt came between two files from one that failed', () => {
    expect(
      outcomesByDatabase([apply('a', '1', 'done'), apply('a', '2', 'skipped'), apply('b', '1', 'skipped')]),
    ).toEqual([
      { database: 'a', status: 'stopped', changed: ['1'], waiting: 1 },
      { database: 'b', status: 'untouched', changed: [], waiting: 1 },
    ])
    expect(outcomesByDatabase([judged('1', 'unknown')])).toEqual([
      { database: 'a', status: 'failed', changed: [], unknown: ['1'], waiting: 0 },
    ])
  })
})
