import { AppError, exitCodes, usageError } from '../errors.ts'
import { history, isUnapplied } from '../model/history.ts'
import { describeStep, type Plan, type Step } from '../model/plan.ts'
import type { DatabaseState, Environment, MigrationFile, Problem } from '../model/types.ts'

export type UpWorld = {
  environment: Environment
  databases: readonly DatabaseState[]
  /** dbmate's image when this machine has to pull it first. */
  missingImage: string | undefined
}

/**
 * A database that has tables and no table of versions was made by something else: applying from the first file
 * would stop half-way at `relation already exists`.
 */
const refuseUntracked = ({ databases, environment }: UpWorld): void => {
  const untracked = databases.filter(({ tracked, tables }) => !tracked && tables > 0)
  if (untracked.length === 0) return
  const names = untracked.map(({ managed }) => managed.database).join(', ')
  throw new AppError(`${names}: tables, but no schema_migrations: not made by migrations.`, {
    exitCode: exitCodes.refused,
    details: [
      ...untracked.map(
        ({ managed, tables }) => `${managed.database} has ${tables} table${tables > 1 ? 's' : ''}`,
      ),
      `Nothing was touched in ${environment.name}.`,
      'The first deploy with migrations starts from an empty volume (the cutover backs up first).',
    ],
    hint: `po-migrate cutover ${environment.host.name}`,
  })
}

/** Files that are still to run, in dbmate's order. */
const unappliedFiles = ({ files, applied }: DatabaseState): MigrationFile[] => {
  const unapplied = new Set(
    history(files, applied)
      .filter(isUnapplied)
      .map(({ version }) => version),
  )
  return files.filter(({ version }) => unapplied.has(version))
}

/** Two files of one version are refused even when that version is applied: the second would count as run. */
const faults = (state: DatabaseState): Problem[] => {
  const versions = state.files.map(({ version }) => version)
  const repeated = state.files.filter(({ version }, index) => versions.indexOf(version) !== index)
  const stopping = new Set([...unappliedFiles(state), ...repeated])
  return [...state.strays, ...[...stopping].flatMap(({ problems }) => problems)]
}

/** Faults in all databases at once, before any is touched. */
const refuseFaults = ({ databases }: UpWorld): void => {
  const found = databases.flatMap((state) =>
    faults(state).map(({ file, line = '', message }) => ({
      path: `${state.managed.name}/${file}`,
      line: line && `:${line}`,
      message,
    })),
  )
  if (found.length === 0) return
  const details = found.map(({ path, line, message }) => `${path}${line}: ${message}`)
  const { size } = new Set(found.map(({ path }) => path))
  const count = size === 1 ? 'A migration file is' : `${size} migration files are`
  throw usageError(
    `${count} not fit to run; nothing was touched:`,
    'correct the files, then run it again',
    details,
  )
}

const stepsOf = (state: DatabaseState): Step[] => {
  const { managed, exists } = state
  const apply = unappliedFiles(state).flatMap(({ migration }): Step[] =>
    migration ? [{ kind: 'apply-migration', managed, migration }] : [],
  )
  return exists ? apply : [{ kind: 'create-database', managed }, ...apply]
}

/**
 * What `up` will do: create what is missing, then apply every unapplied file, database by database.
 * @throws AppError (exit 2) for files that dbmate would lose or refuse, (exit 4) for a database not made by migrations.
 */
export const planUp = (world: UpWorld): Plan => {
  refuseFaults(world)
  refuseUntracked(world)
  const { environment, databases, missingImage } = world
  const steps = databases.flatMap(stepsOf)
  const pull: Step[] = missingImage && steps.length > 0 ? [{ kind: 'pull-image', image: missingImage }] : []
  return { version: 1, command: 'up', environment: environment.name, steps: [...pull, ...steps] }
}

const keyOf = (step: Step): string => JSON.stringify({ ...describeStep(step, 0) })

/**
 * Whoever looked at a plan, and perhaps confirmed it, gets that or less: less when another run did part of it meanwhile.
 * @throws AppError (exit 4) when something came in that was not shown.
 */
export const requireShown = (shown: Plan, planned: Plan): void => {
  const known = new Set(shown.steps.map(keyOf))
  const news = planned.steps.filter((step) => step.kind !== 'pull-image' && !known.has(keyOf(step)))
  if (news.length === 0) return
  throw new AppError(`The plan for ${planned.environment} grew while this run waited for the lock.`, {
    exitCode: exitCodes.refused,
    details: [
      ...news.map((step) => Object.values(describeStep(step, 0)).slice(1).join(' ')),
      'Nothing was touched.',
    ],
    hint: `po-migrate plan ${planned.environment}`,
  })
}
