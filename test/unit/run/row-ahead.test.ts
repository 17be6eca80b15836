import { expect, it } from 'vitest'
import type { ManagedDatabase, Migration } from '../../../src/model/types.ts'
import { openRowAhead } from '../../../src/run/row-ahead.ts'

const fileOf = (database: string, version: string) => ({
  managed: { database } as ManagedDatabase,
  migration: { version } as Migration,
})

it('is for its own file, and what did not begin is taken back in every database', async () => {
  const removed: unknown[] = []
  const query = async (database: string, _: string, values: unknown[]): Promise<unknown[]> => {
    removed.push([database, values])
    return []
  }
  const ahead = openRowAhead({ query } as never)
  ahead.put(fileOf('one', '2'), '12')
  ahead.put(fileOf('two', '2'), '22')
  ahead.put(fileOf('three', '2'), '32')
  expect(ahead.take(fileOf('two', '3'))).toBeUndefined()
  expect(ahead.take(fileOf('two', '2'))).toBe('22')
  expect(ahead.take(fileOf('two', '2'))).toBeUndefined()
  await ahead.drop()
  expect(removed).toEqual([
    ['one', [['12']]],
    ['three', [['32']]],
  ])
})
