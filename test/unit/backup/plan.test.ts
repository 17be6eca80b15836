import { describe, expect, it } from 'vitest'
import { planBackup } from '../../../src/backup/plan/backup.ts'
import { dropsDue, planRestore, type RestoreWorld, swapsOf } from '../../../src/backup/plan/restore.ts'
import type { StepStatus } from '../../../src/model/outcome.ts'
import { database, manifest, role } from '../../support/tool/inventories.ts'

describe('planning a backup', () => {
  it('dumps every database, then the roles, proves, and keeps', () => {
    const plan = planBackup({ environment: 'qual', existing: ['iam_qual', 'rag_qual'], directory: '/b' })
    expect(plan.steps).toEqual([
      { kind: 'dump-database', database: 'iam_qual' },
      { kind: 'dump-database', database: 'rag_qual' },
      { kind: 'dump-roles' },
      { kind: 'prove-backup' },
      { kind: 'keep-backup', directory: '/b' },
    ])
  })

  it('hands it to the command of the config once it is kept', () => {
    const world = { environment: 'qual', existing: ['iam_qual'], directory: '/b', after: true }
    expect(planBackup(world).steps.slice(-2)).toEqual([
      { kind: 'keep-backup', directory: '/b' },
      { kind: 'after-backup', directory: '/b' },
    ])
  })

  it('refuses an environment without a database: an empty backup would look like one', () => {
    const plan = () => planBackup({ environment: 'qual', existing: [], directory: '/b' })
    expect(plan).toThrow(expect.objectContaining({ exitCode: 4, hint: 'po-migrate up qual' }))
  })
})

const run = '20261122T185832-7f3a9c'
const earlier = '20261121T000000-000001'

const world = (change: Partial<RestoreWorld> = {}): RestoreWorld => ({
  environment: 'qual',
  run,
  directory: '/b',
  manifest: manifest([database('iam_qual'), database('rag_qual')]),
  wanted: ['iam_qual', 'calendar_qual', 'rag_qual'],
  named: false,
  databases: ['iam_qual', 'postgres'],
  roles: ['postgres'],
  serverVersion: '17.5',
  retain: 1,
  neighbours: [],
  ...change,
})

const kinds = (change?: Partial<RestoreWorld>) => planRestore(world(change)).steps.map(({ kind }) => kind)

describe('planning a restore', () => {
  it('fills a database beside each that the backup holds, then swaps all of them at once', () => {
    expect(planRestore(world()).steps).toEqual([
      { kind: 'restore-beside', database: 'iam_qual', beside: `iam_qual_restore_${run}`, directory: '/b' },
      { kind: 'restore-beside', database: 'rag_qual', beside: `rag_qual_restore_${run}`, directory: '/b' },
      {
        kind: 'swap-databases',
        swaps: [
          { database: 'iam_qual', beside: `iam_qual_restore_${run}`, replaced: `iam_qual_before_${run}` },
          { database: 'rag_qual', beside: `rag_qual_restore_${run}`, replaced: null },
        ],
      },
    ])
  })

  it('creates the roles that a database needs and the server lacks, with those they belong to, and no other', () => {
    const member = (of: string) => [{ role: of, grantor: 'granter', admin: false, inherit: true, set: true }]
    const held = manifest([database('iam_qual', { roles: ['app', 'postgres'] })], {
      roles: [
        role('app', { memberships: member('team') }),
        role('team', { memberships: member('all') }),
        role('all'),
        role('granter'),
        role('stranger'),
        role('postgres'),
      ],
    })
    const [first] = planRestore(world({ manifest: held, roles: ['postgres', 'all'] })).steps
    expect(first).toEqual({ kind: 'create-roles', roles: ['app', 'team', 'granter'] })
  })

  it('leaves out roles that the backup does not hold, and comes to an end where roles granted each other', () => {
    const by = (of: string, grantor: string) => [{ role: of, grantor, admin: true, inherit: true, set: true }]
    const held = manifest([database('iam_qual', { roles: ['pg_monitor', 'app'] })], {
      roles: [
        role('app', { memberships: by('team', 'boss') }),
        role('team'),
        role('boss', { memberships: by('team', 'app') }),
      ],
    })
    const [first] = planRestore(world({ manifest: held })).steps
    expect(first).toEqual({ kind: 'create-roles', roles: ['app', 'team', 'boss'] })
  })

  it.each([
    [1, [`iam_qual_before_${earlier}`]],
    [2, []],
    [0, [`iam_qual_before_${earlier}`, `iam_qual_before_${run}`]],
  ])('with retain.replaced %i drops %j', (retain, dropped) => {
    const databases = ['iam_qual', `iam_qual_before_${earlier}`, `rag_qual_before_x`]
    const { steps } = planRestore(world({ wanted: ['iam_qual'], databases, retain }))
    expect(steps.flatMap((step) => (step.kind === 'drop-replaced' ? step.database : []))).toEqual(dropped)
  })

  it('drops the oldest by the order of runs, not by their dates', () => {
    const ahead = '20360101T000000-00000a'
    const databases = ['iam_qual', `iam_qual_before_${ahead}`, `iam_qual_before_${earlier}`]
    const sequenceOf = (of: string): number | undefined => [ahead, earlier].indexOf(of) + 1
    const { steps } = planRestore(world({ wanted: ['iam_qual'], databases, retain: 2, sequenceOf }))
    expect(steps.flatMap((step) => (step.kind === 'drop-replaced' ? step.database : []))).toEqual([
      `iam_qual_before_${ahead}`,
    ])
  })

  it('restores into a newer server, and refuses an older one', () => {
    expect(kinds({ serverVersion: '18.0' })).toContain('swap-databases')
    expect(() => kinds({ serverVersion: '16.9' })).toThrow(expect.objectContaining({ exitCode: 4 }))
  })

  it('refuses a database that was named and is not in the backup, and a backup of nothing that is wanted', () => {
    for (const change of [{ wanted: ['iam_qual', 'calendar_qual'], named: true }, { wanted: ['x'] }])
      expect(() => kinds(change)).toThrow(
        expect.objectContaining({
          exitCode: 2,
          details: expect.arrayContaining(['/b is of qual, and holds iam_qual, rag_qual']),
        }),
      )
  })

  it('has only its drops left to do once it swapped', () => {
    const databases = ['iam_qual', `iam_qual_before_${earlier}`]
    const { steps } = planRestore(world({ wanted: ['iam_qual'], databases }))
    const ended = (...statuses: StepStatus[]) =>
      dropsDue(steps.map((step, index) => ({ step, status: statuses[index] ?? 'skipped' })))
    expect(ended('done', 'failed')).toEqual([])
    expect(ended('done', 'done', 'failed')).toEqual([`iam_qual_before_${earlier}`])
    expect(ended('done', 'done', 'skipped')).toEqual([`iam_qual_before_${earlier}`])
    expect(ended('done', 'done', 'done')).toEqual([])
  })

  it('tells of its swaps', () => {
    expect(swapsOf(planRestore(world())).map(({ database: name }) => name)).toEqual(['iam_qual', 'rag_qual'])
  })
})
