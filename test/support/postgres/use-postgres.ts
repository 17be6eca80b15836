import { afterAll, beforeAll } from 'vitest'
import { startPostgres, type TestPostgres } from './postgres.ts'

/** A throwaway Postgres for all tests of a file, which is there once they run: each uses databases of its own names. */
export const usePostgres = (): TestPostgres => {
  const postgres = {} as TestPostgres
  beforeAll(async () => {
    Object.assign(postgres, await startPostgres())
  })
  afterAll(() => postgres[Symbol.asyncDispose]())
  return postgres
}
