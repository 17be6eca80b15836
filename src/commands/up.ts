import { loadConfig } from '../config/load.ts'
import { resolveEnvironment } from '../config/resolve.ts'
import type { ExitCode } from '../errors.ts'
import type { Context } from '../model/context.ts'
import { planUp } from '../plan/up.ts'
import { confirm } from '../report/confirm.ts'
import { renderHeader, renderMissing, renderNothingToDo, renderSummary } from '../report/up.ts'
import { execute, nothingDone, type RunResult } from '../run/execute.ts'
import { openEngine } from '../run/open-engine.ts'
import { openPerformer } from '../run/perform.ts'
import { placeOf, requireHere } from '../run/place.ts'
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

const applyPending = async (run: Run, options: UpOptions, context: Context): Promise<RunResult> => {
  const { report } = run
  const config = loadConfig({ file: options.config, cwd: context.cwd, env: context.env })
  const environment = resolveEnvironment(config, options.environment, options.db)
  await requireHere(placeOf(environment), { here: options.here, command: `up ${environment.name}` }, context)
  await using engine = await openEngine({ config, environment, run: run.id, report }, context)
  const { databases, missingImage } = await readUpWorld(environment, engine)
  const planned = planUp({ environment, databases, missingImage })
  const { image } = config.dbmate
  report.note(renderHeader('up', { environment, image }, paintFor(context.stderr, options, context)))
  for (const line of renderMissing(databases)) report.note(line)
  if (planned.steps.length === 0) {
    run.start(planned)
    report.result(renderNothingToDo(environment.name, databases))
    return nothingDone
  }
  const resume = upCommandLine(options)
  await askFirst({ plan: planned, command: resume, databases: [], environment, image }, options, context)
  run.start(planned)
  const { interrupt, stop } = context
  await using performer = openPerformer(planned, { engine, onProgress: report.progress, stop })
  const started = performance.now()
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

/** Applies what is pending in every managed database of an environment, or in the named ones. */
export const up = (options: UpOptions, context: Context): Promise<ExitCode> =>
  withRun({ command: 'up', environment: options.environment, global: options }, context, (run) =>
    applyPending(run, options, context),
  )
