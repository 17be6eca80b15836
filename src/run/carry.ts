import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, exitCodes } from '../errors.ts'
import { readDatabaseInventory, readDatabaseNames, readServerInventory } from '../io/inventory.ts'
import { checkFiles, readManifest } from '../io/manifest.ts'
import type { Server } from '../io/postgres.ts'
import { applyProperties, createEmptyDatabase, dropDatabase } from '../io/recreate-database.ts'
import { restoreDatabase } from '../io/restore-dump.ts'
import { restoreRoles } from '../io/roles.ts'
import { readKeptSettings, writeSystemSettings } from '../io/server-settings.ts'
import { compareDatabases, compareRoles } from '../model/compare-inventories.ts'
import type { DatabaseInventory } from '../model/inventory.ts'
import type { Facts } from '../model/journal.ts'
import { type Manifest, majorOf } from '../model/manifest.ts'
import { parseRolePasswords } from '../model/role-passwords.ts'
import { renderBytes } from '../report/backup.ts'
import type { CutoverTools } from './cutover-tools.ts'

/** What comes along is in the newer of the two backups. */
const carriedFrom = ({ backup, carried }: Facts): { directory: string; manifest: Manifest } => {
  const directory = carried ?? backup ?? ''
  return { directory, manifest: readManifest(directory) }
}

const differs = (what: string, differences: readonly string[]): AppError =>
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

const readNow = async (server: Server, name: string): Promise<DatabaseInventory> => {
  await using session = await server.session(name)
  return await readDatabaseInventory(session.query, name)
}

/** One database from its dump, whole or again: what a run that died had begun goes first. */
export const carryDatabase = async (
  { servers, run, stop, report }: CutoverTools,
  { database, environment }: { database: string; environment: string },
  facts: Facts,
): Promise<undefined> => {
  const { directory, manifest } = carriedFrom(facts)
  const dumped = manifest.databases.find(({ inventory }) => inventory.name === database)
  if (!dumped) throw new Error(`${directory} has no ${database}`)
  const faults = await checkFiles(directory, [dumped])
  if (faults.length > 0) throw differs(database, faults)
  await servers.lock()
  const { server, shared } = await servers.engine(environment)
  if (!shared) throw new Error('a cutover needs the docker engine')
  const { user } = servers.supplied(environment).environment
  const { inventory, file } = dumped
  await using maintenance = await server.session('postgres')
  await dropDatabase(maintenance.query, database)
  const { version } = await readServerInventory(server)
  await createEmptyDatabase(maintenance.query, inventory, {
    name: database,
    major: majorOf(version),
    tablespace: false,
  })
  await restoreDatabase(
    { docker: shared.docker, container: shared.container, server, user, run },
    {
      database,
      file: join(directory, file),
      tablespaces: false,
      signal: stop,
      onProgress: ({ bytes, rate, total = 0 }) =>
        report.progress(`${renderBytes(bytes)} of ${renderBytes(total)}, ${renderBytes(rate)}/s`),
    },
  )
  await applyProperties(maintenance.query, inventory, database)
  const differences = compareDatabases(inventory, await readNow(server, database))
  if (differences.length > 0) throw differs(database, differences)
  return undefined
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
  await using maintenance = await server.session('postgres')
  const known = new Set((await readServerInventory(server)).roles.map(({ name }) => name))
  for (const { inventory } of readManifest(backup).databases) {
    const { name, owner, roles } = inventory
    if (carried.has(name) || !present.has(name) || !known.has(owner)) continue
    report.progress(name)
    const settings = inventory.settings.filter(({ role }) => role === null || known.has(role))
    const gone = roles.filter((role) => !known.has(role))
    const acl = inventory.acl.filter((item) => !gone.some((role) => item.startsWith(`${role}=`)))
    await applyProperties(maintenance.query, { ...inventory, settings, acl }, name)
  }
  await writeSystemSettings(server, readKeptSettings(backup))
  return undefined
}
