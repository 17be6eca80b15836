import { AppError, exitCodes } from '../errors.ts'
import type { Server } from '../io/postgres/postgres.ts'
import { readUnreadable, type Unreadable } from '../io/postgres/unreadable.ts'
import { pasteAsSuperuser } from '../model/paste.ts'
import { quoteIdentifier } from '../model/sql.ts'

const most = 20
/** Since then a role can be given the right to read everything. */
const readsAllSince = 14

const grantsFor = (user: string, found: readonly Unreadable[], major: number): string[] => {
  const role = quoteIdentifier(user)
  const hidden = found.some(({ why }) => why === 'row security hides rows')
  return [
    ...(major >= readsAllSince
      ? [`grant pg_read_all_data to ${role}`]
      : [...new Set(found.map(({ object }) => object))].map(
          (object) => `grant select on ${object} to ${role}`,
        )),
    ...(hidden ? [`alter role ${role} bypassrls`] : []),
  ]
}

/**
 * A dump without what somebody may not read would pass for a whole one.
 * @throws AppError (exit 4) naming what the user cannot read, before anything is dumped.
 */
export const requireReadable = async (
  server: Server,
  databases: readonly string[],
  major: number,
): Promise<void> => {
  const found = await readUnreadable(server, databases)
  const [first] = found
  if (!first) return
  const { user } = server
  const told = found.slice(0, most).map(({ database, object, why }) => `${database}: ${object}: ${why}`)
  const more = found.length > most ? [`and ${found.length - most} more`] : []
  const where = major >= readsAllSince ? server.maintenance : first.database
  throw new AppError(`"${user}" cannot read everything that a backup has to hold.`, {
    exitCode: exitCodes.refused,
    details: [...told, ...more],
    hint: pasteAsSuperuser(server, where, grantsFor(user, found, major)),
  })
}
