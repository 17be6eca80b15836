import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { carryGrants } from '../backup/apply-grants.ts'
import { checkFiles, readManifest } from '../backup/manifest.ts'
import { AppError, exitCodes } from '../errors.ts'
import { readDatabaseNames, readServerInventory } from '../io/postgres/inventory.ts'
import { applyProperties } from '../io/postgres/recreate-database.ts'
import { restoreRoles } from '../io/postgres/roles.ts'
import { readKeptSettings } from '../io/postgres/server-settings.ts'
import { compareRoles } from '../model/compare-inventories.ts'
import { isRoleThere, rolesAmong } from '../model/inventory.ts'
import type { Facts } from '../model/journal.ts'
import { type Manifest, majorOf } from '../model/manifest.ts'
import { grantsAmong } from '../model/recreate.ts'
import { parseRolePasswords } from '../model/role-passwords.ts'
import type { CutoverTools } from './tools.ts'

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
  const roles = rolesAmong(manifest.roles, { there: wanted, superuser: manifest.server.user })
  const passwords = parseRolePasswords(await readFile(join(directory, manifest.globals.file), 'utf8'))
  const { version } = await readServerInventory(server)
  await restoreRoles(server, roles, { passwords, major: majorOf(version), existing: 'complete' })
  const now = (await readServerInventory(server)).roles.filter(({ name }) => wanted.has(name))
  const differences = compareRoles(roles, now)
  if (differences.length > 0) throw differs('The roles', differences)
  return undefined
}

/** Owners, grants and settings of the databases that migrations made anew, as they were. */
export const carrySettings = async (
  { servers, frame, report }: CutoverTools,
  environment: string,
  { backup = '' }: Facts,
): Promise<undefined> => {
  await servers.lock()
  const { server } = await servers.engine(environment)
  const present = new Set(await readDatabaseNames(server))
  const carried = new Set(frame.carried.databases)
  const { grants, properties } = readKeptSettings(backup)
  await using maintenance = await server.session('postgres')
  const roles = new Set((await readServerInventory(server)).roles.map(({ name }) => name))
  const { user } = servers.supplied(environment).environment
  for (const was of properties) {
    const { name } = was
    if (carried.has(name) || !present.has(name)) continue
    report.progress(name)
    const owner = roles.has(was.owner) ? was.owner : user
    const settings = was.settings.filter(({ role }) => role === null || roles.has(role))
    const acl = grantsAmong(was.acl, { owner, isThere: (role) => isRoleThere(role, roles) })
    await applyProperties(maintenance.query, { ...was, owner, settings, acl }, name)
    await carryGrants(server, { database: name, grants: grants[name] ?? [], roles })
  }
  return undefined
}
