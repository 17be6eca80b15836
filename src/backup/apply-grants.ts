import { AppError, exitCodes } from '../errors.ts'
import { readDueGrants, readGrants } from '../io/postgres/grants.ts'
import type { Server } from '../io/postgres/postgres.ts'
import type { Grant } from '../model/grant.ts'
import { isRoleThere } from '../model/inventory.ts'

/** By database, what was given in it. */
export type Grants = Readonly<Record<string, readonly Grant[]>>

export const readAllGrants = async (server: Server, databases: readonly string[]): Promise<Grants> => {
  const grants: Record<string, readonly Grant[]> = {}
  for (const database of databases) {
    await using session = await server.session(database)
    grants[database] = await readGrants(session.query)
  }
  return grants
}

export type CarryGrantsRequest = {
  database: string
  grants: readonly Grant[]
  /** That are on the server. */
  roles: ReadonlySet<string>
}

const grantsDiffer = (database: string, missing: readonly string[]): AppError =>
  new AppError(`What was granted in ${database} cannot be granted again.`, {
    exitCode: exitCodes.failed,
    details: missing,
  })

/** Gives again what was given inside a database, to roles and on things that are there now; answers what was missing. */
export const carryGrants = async (
  server: Server,
  { database, grants, roles }: CarryGrantsRequest,
): Promise<readonly string[]> => {
  await using session = await server.session(database)
  const { query } = session
  const readDue = () => readDueGrants(query, grants, (role) => isRoleThere(role, roles))
  const due = await readDue()
  for (const sql of due)
    await query(sql).catch((cause: Error) => {
      throw grantsDiffer(database, [`${sql}: ${cause.message}`])
    })
  const missing = await readDue()
  if (missing.length > 0) throw grantsDiffer(database, missing)
  return due
}
