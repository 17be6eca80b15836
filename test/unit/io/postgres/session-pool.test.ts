import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { openPool } from '../../../../src/io/postgres/session-pool.ts'

/** Sessions that take a moment to open, to answer and to end. */
const server = () => {
  let open = 0
  let most = 0
  let opened = 0
  const connect = async (): Promise<Client> => {
    open++
    opened++
    most = Math.max(most, open)
    await sleep(2)
    const query = async () => {
      await sleep(1)
      return { rows: [] }
    }
    const end = async () => {
      await sleep(5)
      open--
    }
    return { query, end } as unknown as Client
  }
  return { connect, most: () => most, opened: () => opened, open: () => open }
}

describe('the sessions of a pool', () => {
  it('are never more than its limit, those that are ending among them', async () => {
    const fake = server()
    const pool = openPool(fake.connect, 4)
    const ask = async (database: string): Promise<void> => {
      await pool.on(database).query('select 1', [])
      await pool.leave(database)
    }
    const queue = Array.from({ length: 60 }, (_, index) => `t${index}`)
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next; next = queue.shift()) await ask(next)
    }
    await Promise.all(Array.from({ length: 6 }, worker))
    await pool[Symbol.asyncDispose]()
    expect(fake.opened()).toBe(60)
    expect(fake.most()).toBeLessThanOrEqual(4)
    expect(fake.open()).toBe(0)
  })

  it('stay open for whoever asks again', async () => {
    const fake = server()
    const pool = openPool(fake.connect, 4)
    for (let round = 0; round < 5; round++) await pool.on('iam').query('select 1', [])
    expect(fake.opened()).toBe(1)
    await pool[Symbol.asyncDispose]()
    expect(fake.open()).toBe(0)
  })
})
