import { expect, it } from 'vitest'
import type { Server } from '../../../src/io/postgres/postgres.ts'
import type { DatabaseState } from '../../../src/model/types.ts'
import { readFingerprints } from '../../../src/rehearsal/read-fingerprints.ts'

const states = ['one', 'two', 'three'].map(
  (database) =>
    ({
      managed: { database, member: { fleet: 'tenants', key: database } },
      exists: true,
    }) as unknown as DatabaseState,
)

const serverWhere = (two: Error): Server =>
  ({
    query: async (database: string) => {
      if (database === 'two') throw two
      return [{ fingerprint: 'alike' }]
    },
    leave: async () => {},
  }) as unknown as Server

it('lets a database stand for itself whose catalog changes while it is read', async () => {
  const dropped = Object.assign(new Error('could not open relation with OID 16412'), { severity: 'ERROR' })
  expect([...(await readFingerprints(serverWhere(dropped), states, () => {}))]).toEqual([
    ['one', 'alike'],
    ['two', 'unread two'],
    ['three', 'alike'],
  ])
  await expect(readFingerprints(serverWhere(new Error('a bug')), states, () => {})).rejects.toThrow('a bug')
})
