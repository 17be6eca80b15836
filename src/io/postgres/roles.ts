import type { RoleInventory } from '../../model/inventory.ts'
import { alterRole, createRole, grantMembership } from '../../model/recreate.ts'
import type { Secret } from '../../model/secret.ts'
import type { Query, Server } from './postgres.ts'

export const readExistingRoles = async (server: Server, names: readonly string[]): Promise<Set<string>> => {
  const sql = 'select rolname as name from pg_catalog.pg_roles where rolname = any($1)'
  return new Set(
    (await server.query<{ name: string }>(server.maintenance, sql, [names])).map(({ name }) => name),
  )
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

/** Verifiers of passwords stand in these statements: not even one that fails is written down. */
const unlogged = [
  "log_statement = 'none'",
  "log_min_error_statement = 'panic'",
  'log_min_duration_statement = -1',
  'log_min_duration_sample = -1',
  'log_transaction_sample_rate = 0',
]
  .map((setting) => `set ${setting}`)
  .join('; ')

/** `fallback` names no grantor: the one in `sql` may have been there already, without the right to grant here. */
type MembershipGrant = { sql: string; fallback: string }

const grantsOf = ({ name, memberships }: RoleInventory, major: number): MembershipGrant[] =>
  memberships.map((membership) => ({
    sql: grantMembership(name, membership, major),
    fallback: grantMembership(name, { ...membership, grantor: undefined }, major),
  }))

/** The grants that failed, and why the last of them did. */
const tryAll = async (query: Query, grants: readonly MembershipGrant[], key: keyof MembershipGrant) => {
  const failed: MembershipGrant[] = []
  let reason: unknown
  for (const grant of grants) {
    await query('savepoint grant_one')
    await query(grant[key]).catch(async (error) => {
      await query('rollback to savepoint grant_one')
      failed.push(grant)
      reason = error
    })
  }
  return { failed, reason }
}

/** A grantor needs its own grant first: what failed is tried again as long as a round gets further. */
const grantAll = async (query: Query, grants: readonly MembershipGrant[]): Promise<void> => {
  let left = grants
  while (left.length > 0) {
    const { failed } = await tryAll(query, left, 'sql')
    if (failed.length === left.length) break
    left = failed
  }
  const { failed, reason } = await tryAll(query, left, 'fallback')
  if (failed.length > 0) throw reason
}

/** Creates the roles that are missing, all or none, and answers their names. */
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
  await using session = await server.session(server.maintenance)
  const { query } = session
  await query(unlogged)
  await query('begin')
  for (const role of completed) {
    const statements = there.has(role.name) ? alterRole(role) : createRole(role, passwords.get(role.name))
    for (const sql of statements) await query(sql)
  }
  await grantAll(
    query,
    completed.flatMap((role) => grantsOf(role, major)),
  )
  await query('commit')
  return missing.map(({ name }) => name)
}
