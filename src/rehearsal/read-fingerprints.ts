import pMap from 'p-map'
import { AppError } from '../errors.ts'
import type { Progress } from '../io/engine.ts'
import type { Server } from '../io/postgres/postgres.ts'
import { readFingerprint } from '../io/postgres/read-fingerprint.ts'
import { membersAtOnce } from '../model/few-sessions.ts'
import type { DatabaseState } from '../model/types.ts'
import { isOfOne } from '../run/world.ts'
import type { Fingerprints } from './plan/parts.ts'

/** What Postgres says to the question, such as that a table is dropped just then; a lost session is an AppError. */
const isAnswer = (error: unknown): boolean =>
  !(error instanceof AppError) && error instanceof Error && 'severity' in error

/**
 * What tells the databases of a fleet apart that are to get the same files. One that cannot be read stands for itself, and its
 * copy says why.
 */
export const readFingerprints = async (
  server: Server,
  states: readonly DatabaseState[],
  onProgress: Progress,
): Promise<Fingerprints> => {
  const members = states.filter(({ managed, exists }) => managed.member && exists)
  if (members.length < 2) return new Map()
  onProgress(`which of ${members.length} databases are alike`)
  const read = async ({ managed: { database } }: DatabaseState): Promise<[string, string]> => {
    try {
      return [database, await readFingerprint(server, database)]
    } catch (error) {
      if (!isOfOne(error) && !isAnswer(error)) throw error
      return [database, `unread ${database}`]
    } finally {
      await server.leave(database)
    }
  }
  return new Map(await pMap(members, read, { concurrency: membersAtOnce }))
}
