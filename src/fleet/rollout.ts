import { databaseOf } from '../model/outcome.ts'
import type { Step } from '../model/step.ts'
import type { Fleet, Rollout } from '../model/types.ts'

/** The databases of a fleet for which a plan has steps, in their order. */
export type Rolled = { fleet: string; rollout: Rollout; databases: readonly string[] }

export const rolledOf = (
  fleets: readonly Pick<Fleet, 'name' | 'rollout'>[],
  steps: readonly Step[],
): Rolled[] =>
  fleets.map(({ name, rollout }) => {
    const own = steps.flatMap(({ managed }) => (managed?.member?.fleet === name ? managed.database : []))
    return { fleet: name, rollout, databases: [...new Set(own)] }
  })

/** Portions that are locked together: the canary, then wave by wave. */
export const wavesOf = ({ databases, rollout: { canary, wave } }: Rolled): string[][] => {
  const rest = databases.slice(canary)
  const waves = Array.from({ length: Math.ceil(rest.length / wave) }, (_, index) =>
    rest.slice(index * wave, (index + 1) * wave),
  )
  return [databases.slice(0, canary), ...waves].filter(({ length }) => length > 0)
}

/** The portion of each database. */
export const waveOfEach = (rolled: readonly Rolled[]): Map<string, readonly string[]> =>
  new Map(
    rolled.flatMap((one) =>
      wavesOf(one).flatMap((wave) => wave.map((database) => [database, wave] as const)),
    ),
  )

/** Why nothing new starts in a fleet: what was to go first failed, or as many as may. */
export const stopOf = (
  { databases, rollout }: Rolled,
  failed: ReadonlySet<string | undefined>,
): 'canary' | 'failures' | undefined => {
  if (databases.slice(0, rollout.canary).some((database) => failed.has(database))) return 'canary'
  const count = databases.filter((database) => failed.has(database)).length
  return count >= rollout.maxFailures ? 'failures' : undefined
}

/** Whether what failed so far keeps a step from starting; `failed`: databases, and undefined for a step that is about none. */
export type Gate = (step: Step, failed: ReadonlySet<string | undefined>) => boolean

/**
 * A failure in a fleet stops its own database, and all others once its rollout says so; any other failure stops all, or with
 * `continueOnError` its own database only.
 */
export const gateOf = (
  rolled: readonly Rolled[],
  { continueOnError }: { continueOnError: boolean },
): Gate => {
  const members = new Map(rolled.flatMap((one) => one.databases.map((database) => [database, one])))
  return (step, failed) => {
    if (failed.size === 0) return false
    const database = databaseOf(step)
    if (failed.has(undefined) || failed.has(database)) return true
    const own = members.get(database ?? '')
    if (own && stopOf(own, failed)) return true
    if (continueOnError) return false
    const named = [...failed].some((name) => name !== undefined && !members.has(name))
    return named || rolled.some((one) => stopOf(one, failed))
  }
}

/** Why the rest of a fleet was not begun, a line each. */
export const tellStops = (rolled: readonly Rolled[], failed: ReadonlySet<string | undefined>): string[] =>
  rolled.flatMap((one) => {
    const { fleet, rollout } = one
    const stop = stopOf(one, failed)
    if (!stop || one.databases.length < 2) return []
    return stop === 'canary'
      ? `${fleet}: the canary failed, so no other database was begun (rollout.canary: ${rollout.canary})`
      : `${fleet}: no other database was begun after ${rollout.maxFailures} failed (rollout.max_failures)`
  })
