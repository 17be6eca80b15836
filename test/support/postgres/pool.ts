import type { TestPostgres } from './postgres.ts'
import { openSession } from './session.ts'

export type Pool = AsyncDisposable & {
  /** What it read last. */
  last: () => string | undefined
  /** How many answers it got. */
  answers: () => number
}

/** An application whose sessions connect again at once when they are shown out, and ask without a pause. */
export const startPool = (
  postgres: TestPostgres,
  { database, sql, size = 6 }: { database: string; sql: string; size?: number },
): Pool => {
  let open = true
  let last: string | undefined
  let answers = 0
  const keepAsking = async (): Promise<void> => {
    await using session = await openSession(postgres, database, 'pool')
    while (open) {
      last = String(Object.values((await session.query(sql)).rows[0])[0])
      answers++
    }
  }
  const work = async (): Promise<void> => {
    while (open) await keepAsking().catch(() => {})
  }
  const workers = Array.from({ length: size }, work)
  return {
    last: () => last,
    answers: () => answers,
    [Symbol.asyncDispose]: async () => {
      open = false
      await Promise.all(workers)
    },
  }
}
