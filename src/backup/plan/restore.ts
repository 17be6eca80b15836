import { AppError, exitCodes, usageError } from '../../errors.ts'
import { besideName, replacedOf } from '../../model/beside-name.ts'
import { type Manifest, majorOf } from '../../model/manifest.ts'
import type { StepOutcome } from '../../model/outcome.ts'
import type { Plan } from '../../model/plan.ts'
import type { Swap } from '../../model/step.ts'
import type { RestoreStep } from '../steps/restore-kinds.ts'

export type RestoreWorld = {
  environment: string
  run: string
  directory: string
  manifest: Manifest
  /** Names on the server: the managed databases, or those of `--db`. */
  wanted: readonly string[]
  /** Whether they were named one by one. */
  named: boolean
  /** Every database of the server, and its roles. */
  databases: readonly string[]
  roles: readonly string[]
  /** As `show server_version` has it. */
  serverVersion: string
  /** How many replaced databases of a name to keep, this one included. */
  retain: number
  /** Names on the server that are managed, whether they are there or not. */
  neighbours: readonly string[]
  /** The place of a run in the project's order. */
  sequenceOf?: (run: string) => number | undefined
}

/** The swaps of a plan. */
export const swapsOf = ({ steps }: Plan): readonly Swap[] => steps.flatMap(({ swaps }) => swaps ?? [])

/** What a run that swapped has yet to drop; nothing: it did not swap. */
export const dropsDue = (outcomes: readonly StepOutcome[]): string[] => {
  if (!outcomes.some(({ step, status }) => step.kind === 'swap-databases' && status === 'done')) return []
  return outcomes.flatMap(({ step, status }) =>
    step.kind === 'drop-replaced' && status !== 'done' ? (step.database ?? []) : [],
  )
}

const held = ({ manifest }: RestoreWorld): string[] =>
  manifest.databases.map(({ inventory }) => inventory.name)

const refuseOlder = ({ manifest, serverVersion, directory, environment }: RestoreWorld): void => {
  if (majorOf(serverVersion) >= majorOf(manifest.server.version)) return
  throw new AppError(`The backup is of Postgres ${majorOf(manifest.server.version)}, the server is older.`, {
    exitCode: exitCodes.refused,
    details: [
      `${directory}: ${manifest.server.version}`,
      `server: ${serverVersion}`,
      'It takes a server of its own version or newer, or another backup.',
    ],
    hint: `po-migrate history ${environment}`,
  })
}

/** What is wanted and held. @throws AppError (exit 2) for what was named and is not in it, or when nothing is. */
const choose = (world: RestoreWorld): string[] => {
  const { wanted, named, manifest, directory, environment } = world
  const present = held(world)
  const missing = wanted.filter((name) => !present.includes(name))
  if (missing.length === 0 || (!named && missing.length < wanted.length))
    return wanted.filter((name) => present.includes(name))
  throw usageError(`The backup does not hold ${missing.join(', ')}.`, `po-migrate history ${environment}`, [
    `${directory} is of ${manifest.environment}, and holds ${present.join(', ')}`,
  ])
}

/** The roles that the chosen databases need, with those they are members of. */
const neededRoles = ({ manifest }: RestoreWorld, chosen: readonly string[]): Set<string> => {
  const known = new Map(manifest.roles.map((role) => [role.name, role]))
  const needed = new Set<string>()
  const add = (name: string): void => {
    const role = known.get(name)
    if (!role || needed.has(name)) return
    needed.add(name)
    for (const { role: parent, grantor } of role.memberships)
      for (const other of [parent, grantor]) add(other)
  }
  for (const { inventory } of manifest.databases)
    if (chosen.includes(inventory.name)) for (const name of inventory.roles) add(name)
  return needed
}

/** Copies of earlier restores that are one too many when this one is done. */
const drops = (
  { databases, retain, neighbours, sequenceOf }: RestoreWorld,
  swaps: readonly Swap[],
): RestoreStep[] =>
  swaps.flatMap(({ database, replaced }) => {
    const copies = [
      ...replacedOf(database, { names: databases, neighbours, ...(sequenceOf && { sequenceOf }) }),
      ...(replaced === null ? [] : [replaced]),
    ]
    const old = retain === 0 ? copies : copies.slice(0, -retain)
    return old.map((name): RestoreStep => ({ kind: 'drop-replaced', database: name }))
  })

/**
 * What `restore` will do: missing roles, every database beside the present one, all swapped in one transaction, and what
 * older restores left dropped.
 * @throws AppError (exit 2) for a database that the backup does not hold, (exit 4) for an older server.
 */
export const planRestore = (world: RestoreWorld): Plan<RestoreStep> => {
  refuseOlder(world)
  const chosen = choose(world)
  const { environment, run, directory, databases, roles } = world
  const missing = [...neededRoles(world, chosen)].filter((name) => !roles.includes(name))
  const swaps = chosen.map((database) => ({
    database,
    beside: besideName(database, 'restore', run),
    replaced: databases.includes(database) ? besideName(database, 'before', run) : null,
  }))
  return {
    version: 1,
    command: 'restore',
    environment,
    steps: [
      ...(missing.length > 0 ? [{ kind: 'create-roles', roles: missing } as const] : []),
      ...swaps.map(
        ({ database, beside }): RestoreStep => ({ kind: 'restore-beside', database, beside, directory }),
      ),
      { kind: 'swap-databases', swaps },
      ...drops(world, swaps),
    ],
  }
}
