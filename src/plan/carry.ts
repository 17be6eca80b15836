import { AppError, exitCodes, usageError } from '../errors.ts'
import type { CutoverFrame } from '../model/cutover.ts'
import type { Inventory } from '../model/inventory.ts'

export type CarryWorld = {
  host: string
  inventory: Inventory
  /** Names on the server of the managed databases of all environments. */
  managed: readonly string[]
  /** Roles that the migrations make on an empty server, the superuser included. */
  rebuiltRoles: readonly string[]
  /** Databases that cannot be dumped as they are: closed ones, and templates that somebody made. */
  closed: readonly string[]
  /** `--drop`. */
  drop: readonly string[]
}

const maintenance = 'postgres'

const refuse = (message: string, details: readonly string[], hint: string): AppError =>
  new AppError(message, { exitCode: exitCodes.refused, details: [...details, 'Nothing was touched.'], hint })

/** The server's own database is there before anything can be restored, so nothing can be put beside it and swapped. */
const refuseMaintenance = ({ inventory, drop, host }: CarryWorld): void => {
  const found = inventory.databases.find(({ name }) => name === maintenance)
  const objects = found?.tables.length ?? 0
  if (objects === 0 || drop.includes(maintenance)) return
  throw refuse(
    `The database ${maintenance} holds ${objects} table${objects > 1 ? 's' : ''} of its own, which cannot be carried over.`,
    [(found?.tables ?? []).map(({ name, rows }) => `${name} (${rows} rows)`).join(', ')],
    `move them to a database of their own, or: po-migrate cutover ${host} --drop ${maintenance}`,
  )
}

const refuseTablespaces = ({ inventory }: CarryWorld): void => {
  const [first] = inventory.tablespaces
  if (!first) return
  throw refuse(
    `The tablespace ${first.name} lies outside the volume, at ${first.location}.`,
    ['A copy of the volume would not hold it.'],
    `drop it, or move it: alter database … set tablespace pg_default; drop tablespace ${first.name}`,
  )
}

const refuseClosed = ({ closed, drop, host }: CarryWorld): void => {
  const [first] = closed.filter((name) => !drop.includes(name))
  if (first === undefined) return
  throw refuse(
    `The database ${first} takes no connections or is a template, so it cannot be dumped.`,
    [],
    `alter database ${first} with allow_connections true is_template false; or: po-migrate cutover ${host} --drop ${first}`,
  )
}

const refuseStrangers = ({ inventory, closed, drop }: CarryWorld): void => {
  const known = [...[...inventory.databases, ...inventory.roles].map(({ name }) => name), ...closed]
  const stranger = drop.find((name) => !known.includes(name))
  if (stranger !== undefined)
    throw usageError(`--drop ${stranger}: there is no such database or role.`, undefined, [
      `there are: ${known.join(', ')}`,
    ])
}

const refuseNeeded = ({ inventory, drop, host }: CarryWorld, databases: readonly string[]): void => {
  const needed = inventory.databases
    .filter(({ name }) => databases.includes(name))
    .flatMap(({ name, roles }) => roles.filter((role) => drop.includes(role)).map((role) => ({ name, role })))
  const [first] = needed
  if (!first) return
  throw refuse(
    `The role ${first.role} cannot be dropped: the database ${first.name} needs it.`,
    needed.slice(1).map(({ name, role }) => `${name} needs ${role} too`),
    `po-migrate cutover ${host} --drop ${first.name} --drop ${first.role}`,
  )
}

/**
 * What no migration rebuilds and nobody gave up: the databases and roles that come along.
 * @throws AppError (exit 4) for what cannot, (exit 2) for a `--drop` of nothing.
 */
export const planCarry = (world: CarryWorld): CutoverFrame['carried'] => {
  const { inventory, managed, rebuiltRoles, drop } = world
  refuseStrangers(world)
  refuseTablespaces(world)
  refuseMaintenance(world)
  refuseClosed(world)
  const without = new Set([...managed, ...drop, maintenance])
  const databases = inventory.databases.map(({ name }) => name).filter((name) => !without.has(name))
  refuseNeeded(world, databases)
  const roles = inventory.roles
    .map(({ name }) => name)
    .filter((name) => !drop.includes(name) && !rebuiltRoles.includes(name))
  return { databases, roles }
}
