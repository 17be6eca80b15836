import { carryGrants } from '../../backup/apply-grants.ts'
import { readDatabaseNames, readServerInventory } from '../../io/postgres/inventory.ts'
import { applyProperties } from '../../io/postgres/recreate-database.ts'
import { readKeptSettings } from '../../io/postgres/server-settings.ts'
import { isRoleThere } from '../../model/inventory.ts'
import { grantsAmong } from '../../model/recreate.ts'
import type { CutoverAct, CutoverKind } from '../tools.ts'

export type CarrySettings = { kind: 'carry-settings'; environment: string }

const carry = async (
  { environment }: CarrySettings,
  { tools: { servers, frame, report }, facts: { backup = '' } }: CutoverAct,
): Promise<undefined> => {
  await servers.lock()
  const { server } = await servers.engine(environment)
  const present = new Set(await readDatabaseNames(server))
  const carried = new Set(frame.carried.databases)
  const { grants, properties } = readKeptSettings(backup)
  await using maintenance = await server.session(server.maintenance)
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

/** Owners, grants and settings of the databases that migrations made anew, as they were. */
export const carrySettings: CutoverKind<CarrySettings> = {
  words: () => ['settings', 'carry over: owners, grants and settings of the databases'],
  perform: carry,
}
