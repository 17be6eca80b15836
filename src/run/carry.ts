import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, exitCodes } from '../errors.ts'
import { type Grant, readGrants } from '../io/grants.ts'
import { readDatabaseNames, readServerInventory } from '../io/inventory.ts'
import { checkFiles, readManifest } from '../io/manifest.ts'
import { readObjects } from '../io/objects.ts'
import type { Server } from '../io/postgres.ts'
import { applyProperties } from '../io/recreate-database.ts'
import { restoreRoles } from '../io/roles.ts'
import { readKeptSettings, writeSystemSettings } from '../io/server-settings.ts'
import { compareRoles } from '../model/compare-inventories.ts'
import type { Facts } from '../model/journal.ts'
import { type Manifest, majorOf } from '../model/manifest.ts'
import { rolesOfItem } from '../model/recreate.ts'
import { parseRolePasswords } from '../model/role-passwords.ts'
import type { CutoverTools } from './cutover-tools.ts'

/** What comes along is in the newer of the two backups. */
export const carriedFrom = ({ backup, carried }: Facts): { directory: string; manifest: Manifest } => {
  const directory = carried ?? backup ?? ''
  return { directory, manifest: readManifest(directory) }
}

export const differs = (what: string, differences: readonly string[]): AppError =>
  new AppError(`${what} did not come along as ${differences.length > 1 ? 'they were' : 'it was'}.`, {
    exitCode: exitCodes.failed,
    details: differences,
  })

/** Roles with their passwords, memberships and settings. What the new server has beyond them is its own affair. */
export const carryRoles = async (
  { servers, frame }: CutoverTools,
  environment: string,
  facts: Facts,
): Promise<undefined> => {
  const { directory, manifest } = carriedFrom(facts)
  const faults = await checkFiles(directory, [manifest.globals])
  if (faults.length > 0) throw differs('The roles', faults)
  await servers.lock()
  const { server } = await servers.engine(environment)
  const wanted = new Set([...frame.carried.roles, manifest.server.user])
  const roles = manifest.roles
    .filter(({ name }) => wanted.has(name))
    .map((role) => ({
      ...role,
      memberships: role.memberships.filter((membership) => isKnown(membership.role, wanted)),
    }))
  const passwords = parseRolePasswords(await readFile(join(directory, manifest.globals.file), 'utf8'))
  const { version } = await readServerInventory(server)
  await restoreRoles(server, roles, { passwords, major: majorOf(version), existing: 'complete' })
  const now = (await readServerInventory(server)).roles.filter(({ name }) => wanted.has(name))
  const differences = compareRoles(roles, now)
  if (differences.length > 0) throw differs('The roles', differences)
  return undefined
}

/** Postgres' own roles are on every server; one that was dropped on purpose is on none. */
const isKnown = (role: string, wanted: ReadonlySet<string>): boolean =>
  role.startsWith('pg_') || wanted.has(role)

const known = (roles: readonly string[], there: ReadonlySet<string>): boolean =>
  roles.every((role) => isKnown(role, there))

/** What was given inside a database, to roles and on objects that are there now. */
const carryGrants = async (
  server: Server,
  { database, grants, roles }: { database: string; grants: readonly Grant[]; roles: ReadonlySet<string> },
): Promise<void> => {
  const objects = await readObjects(server, database)
  const due = grants.filter(
    (grant) => (grant.object === null || objects.has(grant.object)) && known(grant.roles, roles),
  )
  await using session = await server.session(database)
  const readMissing = async (): Promise<string[]> => {
    const present = new Set((await readGrants(session.query)).map(({ sql }) => sql))
    return due.map(({ sql }) => sql).filter((sql) => !present.has(sql))
  }
  for (const sql of await readMissing()) await session.query(sql)
  const missing = await readMissing()
  if (missing.length > 0) throw differs(`The grants of ${database}`, missing)
}

/** Owners, grants and settings of the databases that migrations made anew, and the server's own, as they were. */
export const carrySettings = async (
  { servers, frame, report }: CutoverTools,
  environment: string,
  { backup = '' }: Facts,
): Promise<undefined> => {
  await servers.lock()
  const { server } = await servers.engine(environment)
  const present = new Set(await readDatabaseNames(server))
  const carried = new Set(frame.carried.databases)
  const kept = readKeptSettings(backup)
  await using maintenance = await server.session('postgres')
  const there = new Set((await readServerInventory(server)).roles.map(({ name }) => name))
  for (const { inventory } of readManifest(backup).databases) {
    const { name, owner } = inventory
    if (carried.has(name) || !present.has(name) || !there.has(owner)) continue
    report.progress(name)
    const settings = inventory.settings.filter(({ role }) => role === null || there.has(role))
    const acl = inventory.acl.filter((item) => known(rolesOfItem(item), there))
    await applyProperties(maintenance.query, { ...inventory, settings, acl }, name)
    await carryGrants(server, { database: name, grants: kept.grants[name] ?? [], roles: there })
  }
  await writeSystemSettings(server, kept.system)
  return undefined
}
