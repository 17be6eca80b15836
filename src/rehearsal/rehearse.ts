import { AppError, amend, exitCodes } from '../errors.ts'
import { performWith } from '../model/kind.ts'
import { databaseOf } from '../model/outcome.ts'
import type { Step } from '../model/step.ts'
import type { DatabaseState, Environment, ManagedDatabase, Rehearsing } from '../model/types.ts'
import type { Report } from '../report/report.ts'
import { watchApplied } from '../run/applied.ts'
import { type MigrateTools, openMigrateTools } from '../run/migrate-tools.ts'
import { type MigrateStep, migrateKinds } from '../run/steps/migrate-kinds.ts'
import type { Measures } from './measures.ts'
import { openStage, type Stage } from './open-stage.ts'
import { tellHindrance, type Wish } from './plan/add-rehearsal.ts'
import { type Part, partsOf, type Skipped } from './plan/parts.ts'
import { readFingerprints } from './read-fingerprints.ts'
import { renderMeasures } from './render-measures.ts'

/** What the rehearsal of a run acts with. */
export type RehearsalTools = MigrateTools & {
  rehearsal: {
    environment: Environment
    project: string
    /** dbmate's. */
    image: string
    wish: Wish
    /** As the plan saw them. */
    databases: readonly DatabaseState[]
    /** Of the plan. */
    steps: readonly Step[]
    report: Report
    interrupt: AbortSignal
    stop: AbortSignal
  }
}

const fullStop = /\.$/

type Rehearsed = { stage: Stage; tools: RehearsalTools; cut: AbortSignal }

const cutOff = (): AppError =>
  new AppError('The rehearsal was cut off; nothing real was touched.', {
    exitCode: exitCodes.interrupted,
    touched: false,
  })

/** What Postgres or Docker say is a reason; anything else is a bug. */
const isReason = (error: unknown): error is Error & { code?: unknown } =>
  error instanceof AppError || (error instanceof Error && ('code' in error || 'statusCode' in error))

const reasonOf = (error: Error): string => {
  const details = error instanceof AppError ? error.details : []
  return [error.message.replace(fullStop, ''), ...details].join('; ')
}

const reportSkipped = (skipped: readonly Skipped[], { run, rehearsal: { report } }: RehearsalTools): void => {
  for (const { managed, migration, reason } of skipped)
    report.event({
      ...({ version: 1, event: 'migration.rehearsed', run, database: managed.database } as const),
      ...{ migration: migration.file, status: 'skipped', reason },
    })
}

const tellSkipped = (parts: readonly Part<Step>[], tools: RehearsalTools): void => {
  const skipped = parts.flatMap((part) => part.skipped)
  for (const { managed, migration, reason } of skipped)
    tools.rehearsal.report.note(`${managed.database} ${migration.file} is not rehearsed: it ${reason}`)
  reportSkipped(skipped, tools)
}

/** Where the copies cannot be had, the run goes on without, unless they were asked for. */
const goOnWithout = (error: unknown, parts: readonly Part<Step>[], tools: RehearsalTools): void => {
  if (!isReason(error)) throw error
  const { report, wish, environment } = tools.rehearsal
  const reason = reasonOf(error)
  report.note(tellHindrance({ why: reason }, environment.name, wish))
  const left = parts.flatMap(({ managed, steps }) =>
    steps.flatMap(({ migration }) => (migration ? { managed, migration, reason } : [])),
  )
  reportSkipped(left, tools)
}

/** The same words as the real failure would have, and what it is about. */
const explain = (
  error: AppError,
  { managed, migration }: { managed: ManagedDatabase; migration?: { file: string } | undefined },
  { environment }: RehearsalTools['rehearsal'],
): AppError => {
  const { name } = environment
  return amend(error, {
    message: `Rehearsal: ${error.message}`,
    exitCode: exitCodes.failed,
    touched: false,
    work: undefined,
    details: [
      ...error.details,
      `That was on a scratch server: nothing of ${name} was touched.`,
      `If only the rehearsal is wrong: "-- po-migrate:needs-data REASON" in the file, or po-migrate up ${name} --no-rehearse`,
    ],
    hint: migration ? `correct ${managed.name}/${migration.file}` : `po-migrate up ${name} --no-rehearse`,
  })
}

const rehearseStep = async (
  step: MigrateStep & { managed: ManagedDatabase },
  perform: (step: MigrateStep) => Promise<void>,
  { stage, tools, cut }: Rehearsed,
): Promise<void> => {
  const { report } = tools.rehearsal
  const { migration } = step as Step
  const { database } = step.managed
  const tell = (outcome: { status: 'done' | 'failed'; ms: number; reason?: string } & Measures): void => {
    if (migration)
      report.event({
        ...({ version: 1, event: 'migration.rehearsed', run: tools.run, database } as const),
        ...{ migration: migration.file, ...outcome },
      })
  }
  report.progress(`${database} ${migration?.file ?? 'create database'}`)
  const measure = migration && (await stage.measure?.(step.managed, migration))
  const started = performance.now()
  const ms = (): number => Math.round(performance.now() - started)
  try {
    await perform(step)
  } catch (error) {
    if (cut.aborted) throw cutOff()
    if (!(error instanceof AppError)) throw error
    tell({ status: 'failed', ms: ms(), reason: error.message })
    throw explain(error, { managed: step.managed, migration }, tools.rehearsal)
  }
  const took = ms()
  const measures = (await measure?.()) ?? {}
  tell({ status: 'done', ms: took, ...measures })
  if (measure && migration)
    for (const line of renderMeasures({ database, file: migration.file, ms: took, ...measures }))
      report.note(line)
}

/** Each database until its first failure; all failures together. */
const applyParts = async (
  parts: readonly Part<MigrateStep>[],
  perform: (step: MigrateStep) => Promise<void>,
  rehearsed: Rehearsed,
): Promise<void> => {
  const failures: AppError[] = []
  for (const { managed, steps } of parts)
    for (const step of steps) {
      if (rehearsed.cut.aborted) throw cutOff()
      const failure = await rehearseStep({ ...step, managed }, perform, rehearsed).catch((error) => {
        if (error instanceof AppError && error.exitCode === exitCodes.failed) return error
        throw error
      })
      if (!failure) continue
      failures.push(failure)
      break
    }
  const [first] = failures
  if (!first) return
  if (failures.length === 1) throw first
  throw new AppError(`${failures.length} databases failed in the rehearsal.`, {
    exitCode: exitCodes.failed,
    touched: false,
    details: failures.flatMap(({ message, details }) => [message, ...details.map((line) => `  ${line}`)]),
    hint: 'correct the files',
  })
}

/**
 * Applies the plan's files to copies of the databases on a scratch server of the same image, by the way they will really go.
 * @throws AppError (exit 1, nothing touched) with each database's first failure; (exit 4) when it was asked for and cannot be
 * had; interrupted.
 */
export const rehearse = async (mode: Exclude<Rehearsing, 'off'>, tools: RehearsalTools): Promise<void> => {
  const { interrupt, stop, environment, databases, steps } = tools.rehearsal
  const cut = AbortSignal.any([interrupt, stop])
  const own = steps as readonly MigrateStep[]
  const concerned = new Set(own.map(databaseOf))
  const states = databases.filter(({ managed }) => concerned.has(managed.database))
  const fingerprints = await readFingerprints(tools.engine.server, states, tools.onProgress).catch(
    (error) => {
      goOnWithout(error, partsOf(own, mode), tools)
    },
  )
  if (!fingerprints) return
  const parts = partsOf(own, mode, fingerprints)
  tellSkipped(parts, tools)
  const opening = openStage(mode, parts, { tools, cut }).catch((error: unknown) => {
    if (cut.aborted) throw cutOff()
    goOnWithout(error, parts, tools)
  })
  const stage = await opening
  if (!stage) return
  await using opened = stage
  const { engine } = opened
  await using scratchTools = openMigrateTools(
    parts.flatMap((part) => part.steps),
    {
      engine,
      run: tools.run,
      environment: environment.name,
      lockTimeout: environment.lockTimeout,
      provenance: tools.provenance,
      applied: watchApplied(engine.server, databases),
      lost: undefined,
      interrupt,
      // A throwaway server need not be left well: the first signal ends what runs there.
      stop: cut,
      onProgress: tools.onProgress,
    },
  )
  const perform = performWith(migrateKinds, scratchTools)
  await applyParts(parts, perform, { stage: opened, tools, cut })
}
