import type { RoleInventory } from '../model/inventory.ts'
import { alterRole, createRole, grantMembership } from '../model/recreate.ts'
import type { Secret } from '../model/secret.ts'
import type { Server } from './postgres.ts'

const maintenance = 'postgres'

/** Which of these roles the server has. */
export const readExistingRoles = async (server: Server, names: readonly string[]): Promise<Set<string>> => {
  const sql = 'select rolname as name from pg_catalog.pg_roles where rolname = any($1)'
  return new Set((await server.query<{ name: string }>(maintenance, sql, [names])).map(({ name }) => name))
}

export type RoleOptions = {
  /** Verifiers, by role. */
  passwords: ReadonlyMap<string, Secret>
  /** Major version of the server. */
  major: number
  /**
   * `leave`: roles that are there already stay untouched, memberships included. `complete`: on a server that was just made,
   * they become what they were, but for their passwords.
   */
  existing: 'leave' | 'complete'
}

/** Grants depend on one another (who may grant got it from somebody): as often as it goes on. */
const grantAll = async (server: Server, grants: readonly string[]): Promise<void> => {
  let left = grants
  while (left.length > 0) {
    const failed: string[] = []
    let reason: unknown
    for (const grant of left)
      await server.query(maintenance, grant).catch((error) => {
        failed.push(grant)
        reason = error
      })
    if (failed.length === left.length) throw reason
    left = failed
  }
}

/** Creates the roles that are missing, and answers their names. */
export const restoreRoles = async (
  server: Server,
  roles: readonly RoleInventory[],
  { passwords, major, existing }: RoleOptions,
): Promise<string[]> => {
  const there = await readExistingRoles(
    server,
    roles.map(({ name }) => name),
  )
  const missing = roles.filter(({ name }) => !there.has(name))
  const completed = existing === 'complete' ? roles : missing
  for (const role of completed) {
    const statements = there.has(role.name) ? alterRole(role) : createRole(role, passwords.get(role.name))
    for (const sql of statements) await server.query(maintenance, sql)
  }
  await grantAll(
    server,
    completed.flatMap(({ name, memberships }) =>
      memberships.map((membership) => grantMembership(name, membership, major)),
    ),
  )
  return missing.map(({ name }) => name)
}
