import { describe, expect, it } from 'vitest'
import { nothingLifted } from '../../../src/model/policy.ts'
import type { DatabaseState } from '../../../src/model/types.ts'
import { requireSome, tellAside } from '../../../src/plan/aside.ts'
import { planUp } from '../../../src/plan/up.ts'
import { migration } from '../../support/tool/project.ts'
import { databaseState, environment, memberDatabase } from '../support/fixtures.ts'

const files = ['00001_a.sql', '00002_b.sql']
const member = (key: string, change: Parameters<typeof databaseState>[1] = {}): DatabaseState =>
  databaseState(key, { managed: memberDatabase(key, '_qual'), files, applied: ['00001'], ...change })

const plan = (databases: DatabaseState[], lifted = nothingLifted) =>
  planUp({ environment: environment(), databases, missingImage: undefined, lifted })

const edited = member('t2', { checksums: new Map([['00001', 'another']]) })
const obstacle = { message: 't3_qual: is not on the server.', details: [], hint: 'create it' }

describe('a database of a fleet', () => {
  it('is left alone for its own history or what is in its way, and the others get their files', () => {
    const planned = plan([member('t1'), edited, member('t3', { obstacle }), member('t4')])
    expect(planned.steps.map((step) => 'managed' in step && step.managed.database)).toEqual([
      't1_qual',
      't4_qual',
    ])
    expect(planned.refusals).toEqual([])
    expect(planned.obstacles).toBeUndefined()
    expect(tellAside(planned)).toEqual([
      'tenants: t2: 00001_a.sql was edited since it was applied',
      '  → put it right, or, if it is meant so: po-migrate up qual --db tenants/t2 --accept-edit 00001',
      'tenants: t3: is not on the server.',
      '  → create it',
    ])
  })

  it('gets its files once its refusal is lifted', () => {
    const planned = plan([edited], { ...nothingLifted, edited: ['00001'] })
    expect(planned.aside).toBeUndefined()
    expect(planned.steps.map(({ kind }) => kind)).toEqual(['accept-edit', 'apply-migration'])
  })

  it('is a refusal of the run where nothing else is to do', () => {
    const current = member('t1', { applied: ['00001', '00002'] })
    expect(() => requireSome(plan([current]))).not.toThrow()
    expect(() => requireSome(plan([member('t1'), edited]))).not.toThrow()
    expect(() => requireSome(plan([current, edited]))).toThrow(expect.objectContaining({ exitCode: 4 }))
  })

  it('refuses everything for what is wrong with its files, once', () => {
    const broken = { texts: { '00002_b.sql': migration('select 1;').replace('-- migrate:up', '') } }
    expect(() => plan([member('t1', broken), member('t2', broken)])).toThrow(
      expect.objectContaining({ exitCode: 2, details: [expect.stringMatching(/^tenants\/00002_b.sql/)] }),
    )
  })
})
