import { type Config, loadConfig } from '../config/load.ts'
import { resolveEnvironment } from '../config/resolve.ts'
import type { ExitCode } from '../errors.ts'
import type { Engine } from '../io/engine.ts'
import type { Context } from '../model/context.ts'
import type { Holder } from '../model/holder.ts'
import type { Plan } from '../model/plan.ts'
import type { DatabaseState, Environment } from '../model/types.ts'
import { planUp, requireShown } from '../plan/up.ts'
import { confirm } from '../report/confirm.ts'
import { renderHeader, renderMissing, renderNothingToDo, renderSummary } from '../report/up.ts'
import { execute, nothingDone, type RunResult } from '../run/execute.ts'
import { openEngine } from '../run/open-engine.ts'
import { openPerformer } from '../run/perform.ts'
import { placeOf, requireHere } from '../run/place.ts'
import { readProvenance } from '../run/provenance.ts'
import { settleFindings } from '../run/settle.ts'
import { lockDatabases, lockHost, makeHolder } from '../run/with-locks.ts'
import { readUpWorld } from '../run/world.ts'
import {
  databaseOption,
  environmentArgument,
  type GlobalOptions,
  type Program,
  paintFor,
  type Wire,
} from './options.ts'
import { plan, type ShownPlan, showPlan, upCommandLine } from './plan.ts'
import { type Run, withRun } from './run.ts'

export type UpOptions = GlobalOptions & { environment: string; db: readonly string[]; dryRun: boolean }

export const upCommand = (program: Program, wire: Wire) =>
  program.command(
    'up <environment>',
    'Apply what is pending',
    (args) =>
      databaseOption(environmentArgument(args))
        .option('dry-run', { type: 'boolean', default: false, describe: 'Show the plan and stop' })
        .example('$0 up dev', 'every managed database')
        .example('$0 up qual --db calendar', 'one of them')
        .example('$0 up prod --confirm yes', 'where a confirmation is asked for'),
    wire((options: UpOptions, context) =>
      options.dryRun ? plan({ ...options, exitCode: false }, context) : up(options, context),
    ),
  )

/** Where the environment asks for it, and something is pending: the plan, then the question. */
const askFirst = async (shown: ShownPlan, options: UpOptions, context: Context): Promise<void> => {
  if (!shown.environment.confirm) return
  const command = `${shown.command} --confirm yes`
  if (!options.json) showPlan({ ...shown, command }, options, context)
  const about = `Applying this to ${shown.environment.name}`
  const given = options.confirm ?? context.env.CONFIRM
  await confirm({ about, answer: 'yes', given, command }, context)
}

type Opened = {
  run: Run
  config: Config
  environment: Environment
  engine: Engine
  holder: Holder
  /** The plan that was shown, and perhaps confirmed, before the lock was there. */
  shown: Plan
}

const planNow = async (environment: Environment, engine: Engine) => {
  const world = await readUpWorld(environment, engine)
  return { databases: world.databases, planned: planUp({ environment, ...world }) }
}

const reportNothing = (
  run: Run,
  { name }: Environment,
  { planned, databases }: { planned: Plan; databases: readonly DatabaseState[] },
): RunResult => {
  run.start(planned)
  run.report.result(renderNothingToDo(name, databases))
  return nothingDone
}

/** Under the lock the world is read again: what another run did meanwhile is not in the plan any more. */
const runLocked = async (opened: Opened, options: UpOptions, context: Context): Promise<RunResult> => {
  const { run, config, environment, engine, holder, shown } = opened
  const { report } = run
  const { interrupt, stop } = context
  await using lock = await lockDatabases(
    { engine, environment, holder, lockWait: options.lockWait, report },
    context,
  )
  const { databases, planned } = await planNow(environment, engine)
  await settleFindings(engine.server, databases)
  requireShown(shown, planned)
  if (planned.steps.length === 0) return reportNothing(run, environment, { planned, databases })
  run.start(planned)
  const provenance = () => readProvenance({ environment, engine, image: config.dbmate.image }, context)
  const apply = { run: run.id, lockTimeout: environment.lockTimeout, interrupt, provenance }
  const tools = { engine, apply, lost: lock?.lost, onProgress: report.progress, stop }
  await using performer = openPerformer(planned, tools)
  const started = performance.now()
  const resume = upCommandLine(options)
  const result = await execute(planned, {
    run: run.id,
    perform: performer.perform,
    report,
    interrupt,
    stop,
    resume,
  })
  const ms = performance.now() - started
  if (result.status === 'done')
    report.result(renderSummary({ environment: environment.name, outcomes: result.outcomes, ms }))
  return result
}

const applyPending = async (run: Run, options: UpOptions, context: Context): Promise<RunResult> => {
  const { report } = run
  const config = loadConfig({ file: options.config, cwd: context.cwd, env: context.env })
  const environment = resolveEnvironment(config, options.environment, options.db)
  await requireHere(placeOf(environment), { here: options.here, command: `up ${environment.name}` }, context)
  const command = upCommandLine(options)
  const holder = makeHolder({ run: run.id, command }, context)
  const { host } = environment
  await using _host = await lockHost({ config, host, holder, lockWait: options.lockWait, report }, context)
  await using engine = await openEngine({ config, environment, run: run.id, report }, context)
  const { image } = config.dbmate
  const { databases, planned } = await planNow(environment, engine)
  report.note(renderHeader('up', { environment, image }, paintFor(context.stderr, options, context)))
  for (const line of renderMissing(databases)) report.note(line)
  if (planned.steps.length === 0) return reportNothing(run, environment, { planned, databases })
  await askFirst({ plan: planned, command, databases: [], environment, image }, options, context)
  // Awaited here: what this function opened closes when it returns.
  return await runLocked({ run, config, environment, engine, holder, shown: planned }, options, context)
}

/** Applies what is pending in every managed database of an environment, or in the named ones. */
export const up = (options: UpOptions, context: Context): Promise<ExitCode> =>
  withRun({ command: 'up', environment: options.environment, global: options }, context, (run) =>
    applyPending(run, options, context),
  )
