import { AppError, exitCodes, usageError } from '../../errors.ts'
import { type CutoverFrame, newCutover } from '../../model/cutover.ts'
import type { Inventory } from '../../model/inventory.ts'
import { describeUnmade, type Unmade } from '../../model/unmade.ts'

export type CarryWorld = {
  host: string
  inventory: Inventory
  /** Names on the server of the managed databases of all environments. */
  managed: readonly string[]
  /** Databases that a new server has before any migration. */
  own: readonly string[]
  /** Databases that cannot be dumped as they are: closed ones, and templates that somebody made. */
  closed: readonly string[]
  /** Of the server as a whole; no dump holds them. */
  ties: readonly { kind: string; name: string; database: string }[]
  /** `--drop`. */
  drop: readonly string[]
}

const refuse = (message: string, details: readonly string[], hint: string): AppError =>
  new AppError(message, { exitCode: exitCodes.refused, details, hint })

/** Nothing comes along where data may go, so that this is a host that asks. */
const dropMore = (host: string, names: readonly string[]): string => newCutover(host, names, true)

/** `--drop` names a database or a slot where there is one of that name, and a role only where there is none. */
const droppedRoles = ({ inventory, closed, ties, drop }: CarryWorld): string[] => {
  const others = [...inventory.databases, ...ties].map(({ name }) => name)
  const taken = new Set([...others, ...closed])
  return inventory.roles.map(({ name }) => name).filter((name) => drop.includes(name) && !taken.has(name))
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
    `alter database ${first} with allow_connections true is_template false; or: ${dropMore(host, [...drop, first])}`,
  )
}

const ends: Record<string, (name: string) => string> = {
  'prepared transaction': (name) => `commit prepared '${name}', or rollback prepared '${name}'`,
  'replication slot': (name) => `select pg_drop_replication_slot('${name}')`,
  subscription: (name) => `drop subscription "${name}"`,
}

const refuseTies = ({ ties, drop, host }: CarryWorld): void => {
  const kept = ties.filter(({ name }) => !drop.includes(name))
  const [first] = kept
  if (!first) return
  throw refuse(
    `The ${first.kind} ${first.name} would be gone: no dump holds it.`,
    kept.map(
      ({ kind, name, database }) => `to end it${database && ` in ${database}`}: ${ends[kind]?.(name)}`,
    ),
    `end it, or give it up: ${dropMore(host, [...drop, ...kept.map(({ name }) => name)])}`,
  )
}

const refuseStrangers = ({ inventory, closed, ties, drop, host }: CarryWorld): void => {
  const named = [...inventory.databases, ...inventory.roles, ...ties].map(({ name }) => name)
  const known = [...named, ...closed, 'template1']
  const stranger = drop.find((name) => !known.includes(name))
  if (stranger !== undefined)
    throw usageError(
      `--drop ${stranger}: there is no such database or role.`,
      dropMore(
        host,
        drop.filter((name) => known.includes(name)),
      ),
      [`there are: ${known.join(', ')}`],
    )
}

/** What no migration rebuilds and nobody gave up. */
const carriedDatabases = ({ inventory, managed, own, drop }: CarryWorld): string[] => {
  const without = new Set([...managed, ...drop, ...own])
  return inventory.databases.map(({ name }) => name).filter((name) => !without.has(name))
}

const refuseNeeded = (world: CarryWorld): void => {
  const { inventory, drop, host } = world
  const databases = carriedDatabases(world)
  const dropped = new Set(droppedRoles(world))
  const needed = inventory.databases
    .filter(({ name }) => databases.includes(name))
    .flatMap(({ name, roles }) => roles.filter((role) => dropped.has(role)).map((role) => ({ name, role })))
  const [first] = needed
  if (!first) return
  throw refuse(
    `The role ${first.role} cannot be dropped: the database ${first.name} needs it.`,
    needed.slice(1).map(({ name, role }) => `${name} needs ${role} too`),
    dropMore(host, [...new Set([first.name, ...drop])]),
  )
}

/** @throws AppError (exit 4) for what cannot come along and nobody gave up, (exit 2) for a `--drop` of nothing. */
export const requireCarriable = (world: CarryWorld): void => {
  refuseStrangers(world)
  refuseTablespaces(world)
  refuseClosed(world)
  refuseTies(world)
  refuseNeeded(world)
}

/** Roles that nobody gave up, whoever makes them. */
export const keptRoles = (world: CarryWorld): string[] => {
  const dropped = new Set(droppedRoles(world))
  return world.inventory.roles.map(({ name }) => name).filter((name) => !dropped.has(name))
}

/**
 * The databases and roles that come along. `rebuilt`: the roles that migrations make on an empty server, the superuser
 * included.
 */
export const planCarry = (world: CarryWorld, rebuilt: readonly string[]): CutoverFrame['carried'] => ({
  databases: carriedDatabases(world),
  roles: keptRoles(world).filter((name) => !rebuilt.includes(name)),
})

/** @throws AppError (exit 4) for what a cutover would lose, and nobody gave up. */
export const refuseUnmade = (
  unmade: readonly Unmade[],
  { host, drop }: Pick<CarryWorld, 'host' | 'drop'>,
): void => {
  const kept = unmade.filter(({ database }) => !drop.includes(database))
  if (kept.length === 0) return
  const names = kept.map(({ database }) => database)
  throw refuse(
    `No migration makes everything that is in ${names.join(', ')}.`,
    [
      ...kept.map(describeUnmade),
      'A cutover would lose it. What a pending migration drops or renames is named too: apply that first.',
    ],
    `write a migration that makes it, or give it up: ${dropMore(host, [...drop, ...names])}`,
  )
}
