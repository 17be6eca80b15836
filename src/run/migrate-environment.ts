import type { SuppliedEnvironment } from '../config/checkouts.ts'
import { AppError, exitCodes } from '../errors.ts'
import type { Engine } from '../io/engine.ts'
import type { Context } from '../model/context.ts'
import { unappliedFiles } from '../model/history.ts'
import { kindOf, performWith } from '../model/kind.ts'
import { requireUnobstructed } from '../plan/obstacles.ts'
import { planUp } from '../plan/up.ts'
import { watchApplied } from './applied.ts'
import { openMigrateTools } from './migrate-tools.ts'
import { readProvenance } from './provenance.ts'
import { requireLock } from './require-lock.ts'
import { settleFindings } from './settle.ts'
import { migrateKinds } from './steps/migrate-kinds.ts'
import { readDatabases, readUpWorld } from './world.ts'

export type MigrateOptions = SuppliedEnvironment & {
  engine: Engine
  run: string
  /** Aborted when the lock's session ended. */
  lost?: AbortSignal | undefined
  onProgress: (text: string) => void
}

const cut = (): AppError =>
  new AppError('Ended before every migration was applied.', { exitCode: exitCodes.failed })

/** What `up` does, as one step of something larger: under its locks, and with its progress. */
export const migrateEnvironment = async (
  { config, environment, engine, run, lost, onProgress }: MigrateOptions,
  context: Context,
): Promise<number> => {
  const world = await readUpWorld(environment, engine)
  const planned = planUp({ environment, ...world })
  requireUnobstructed(planned.obstacles)
  for (const line of await settleFindings(engine.server, world.databases)) onProgress(line)
  const { interrupt, stop } = context
  const provenance = () => readProvenance({ config, environment, engine }, context)
  const applied = watchApplied(engine.server, world.databases)
  const { name, lockTimeout } = environment
  const given = { engine, run, environment: name, lockTimeout, provenance, applied, onProgress }
  await using tools = openMigrateTools(planned.steps, { ...given, lost, interrupt, stop })
  const perform = performWith(migrateKinds, tools)
  for (const [index, step] of planned.steps.entries()) {
    if (stop.aborted) throw cut()
    requireLock(lost)
    const words = kindOf(migrateKinds, step).words(step)
    onProgress(`${index + 1} of ${planned.steps.length}: ${words.join(' ')}`)
    await perform(step)
  }
  return planned.steps.length
}

/** @throws AppError (exit 1) naming what is missing or still pending. */
export const verifyEnvironment = async ({
  environment,
  engine,
}: Pick<MigrateOptions, 'environment' | 'engine'>): Promise<void> => {
  const databases = await readDatabases(environment, engine.server)
  const wrong = databases.flatMap(({ managed, exists, obstacle, files, applied }) => {
    if (!exists) return `${managed.database} does not exist`
    if (obstacle) return obstacle.message
    const pending = unappliedFiles({ files, applied })
    return pending.length > 0 ? `${managed.database}: ${pending.length} not applied` : []
  })
  if (wrong.length === 0) return
  throw new AppError(`${environment.name} is not as it should be: ${wrong.join('; ')}.`, {
    exitCode: exitCodes.failed,
    hint: `po-migrate status ${environment.name}`,
  })
}
