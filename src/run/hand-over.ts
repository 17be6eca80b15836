import { endAndBegin } from '../io/postgres/ledger-hand-over.ts'
import type { MigrateFileOptions } from './migrate-file.ts'

/**
 * Ends the row of a file that dbmate reports as done, and begins the next one's, in one round trip. Answers whether that was so; where
 * not, whatever stands in the way is found by the questions one by one, and told in their words.
 */
export const handOver = async (
  options: MigrateFileOptions,
  { id, duration }: { id: string; duration: number },
): Promise<boolean> => {
  const { engine, run, provenance, managed, migration, direction, applied, ahead } = options
  const next = options.next?.()
  if (!ahead || !next) return false
  const handed = await endAndBegin(engine.server, {
    ...{ run, provenance, managed, direction, next },
    ended: { id, migration, duration },
    expected: applied.after(managed, migration, direction),
  }).catch(() => undefined)
  if (!handed?.recorded) return false
  applied.take(managed, new Set(handed.versions))
  applied.add(managed, migration, direction)
  if (handed.id !== null) ahead.put({ managed, migration: next }, handed.id)
  return true
}
