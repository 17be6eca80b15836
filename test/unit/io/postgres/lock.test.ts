import type { Client } from 'pg'
import { afterEach, expect, it, vi } from 'vitest'
import { acquireLock } from '../../../../src/io/postgres/lock.ts'
import type { Holder } from '../../../../src/model/holder.ts'

afterEach(() => void vi.restoreAllMocks())

const holder: Holder = {
  run: '20261122T185832-7f3a9c',
  user: 'ada',
  host: 'laptop',
  pid: 1,
  command: 'po-migrate up dev',
  since: '2026-11-22T18:58:32.000Z',
}

/** A server where somebody else has every lock. */
const taken = {
  on: () => taken,
  query: async (sql: string) => ({ rows: sql.includes('pg_try_advisory_lock') ? [{ held: false }] : [] }),
  end: async () => {},
} as unknown as Client

it('a wait for the lock ends in its time, also when the clock is set back meanwhile', async () => {
  let hour = 1000
  vi.spyOn(Date, 'now').mockImplementation(() => hour-- * 3_600_000)
  const waiting = acquireLock({
    connect: async () => taken,
    databases: ['shop'],
    holder,
    wait: 100,
    interrupt: new AbortController().signal,
    onWait: () => {},
  })
  await expect(waiting).rejects.toMatchObject({ exitCode: 5 })
}, 3000)
