import { describe, expect, it } from 'vitest'
import { createRoles } from '../../../src/backup/steps/create-roles.ts'
import { keepBackup } from '../../../src/backup/steps/keep-backup.ts'
import { swapDatabases } from '../../../src/backup/steps/swap-databases.ts'

const keep = { kind: 'keep-backup', directory: '/b' } as const
const roles = { kind: 'create-roles', roles: ['app', 'team'] } as const
const swap = {
  kind: 'swap-databases',
  swaps: [{ database: 'iam', beside: 'iam_restore_x', replaced: null }],
} as const

describe('what is told of a run that stopped', () => {
  it.each([
    ['a backup that was not kept', keepBackup.left?.(keep, 'skipped'), ['no backup was kept']],
    ['a backup that was', keepBackup.left?.(keep, 'done'), []],
    ['a swap that failed, and says so itself', swapDatabases.left?.(swap, 'failed'), []],
    ['a swap that was not reached', swapDatabases.left?.(swap, 'skipped'), ['iam as before']],
    ['a swap after which something else failed', swapDatabases.left?.(swap, 'done'), ['iam restored']],
    ['roles that were made', createRoles.left?.(roles, 'done'), ['made, and here to stay: app, team']],
    ['roles that were not', createRoles.left?.(roles, 'skipped'), []],
  ])('is, of %s', (_, told, expected) => expect(told).toEqual(expected))
})
