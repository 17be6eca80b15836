import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkFiles } from '../../backup/check-files.ts'
import { readServerInventory } from '../../io/postgres/inventory.ts'
import { restoreRoles } from '../../io/postgres/roles.ts'
import { compareRoles } from '../../model/compare-inventories.ts'
import { rolesAmong } from '../../model/inventory.ts'
import { majorOf } from '../../model/manifest.ts'
import { parseRolePasswords } from '../../model/role-passwords.ts'
import { carriedFrom, differs } from '../carried.ts'
import type { CutoverAct, CutoverKind } from '../tools.ts'

export type CarryRoles = { kind: 'carry-roles'; environment: string }

const carry = async (
  { environment }: CarryRoles,
  { tools: { servers, frame }, facts }: CutoverAct,
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

/** Roles with their passwords, memberships and settings. What the new server has beyond them is its own affair. */
export const carryRoles: CutoverKind<CarryRoles> = {
  words: () => ['roles', 'carry over'],
  perform: carry,
}
