import { loadConfig } from '../config/load.ts'
import { resolveEnvironment } from '../config/resolve.ts'
import type { ExitCode } from '../errors.ts'
import type { Context } from '../model/context.ts'
import { planUp } from '../plan/up.ts'
import { confirm } from '../report/confirm.ts'
import { renderHeader, renderMissing, renderNothingToDo, renderSummary } from '../report/up.ts'
import { execute, nothingDone } from '../run/execute.ts'
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
import { plan, showPlan } from './plan.ts'
import { withRun } from './run.ts'

export type UpOptions = GlobalOptions & { environment: string; db: readonly string[]; dryRun: boolean }

const commandOf = ({ environment, db }: UpOptions): string =>
  ['po-migrate up', environment, ...db.map((name) => `--db ${name}`)].join(' ')

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

/** Applies what is pending in every managed database of an environment, or in the named ones. */
export const up = (options: UpOptions, context: Context): Promise<ExitCode> =>
  withRun({ command: 'up', environment: options.environment, global: options }, context, async (run) => {
    const config = loadConfig({ file: options.config, cwd: context.cwd, env: context.env })
    const environment = resolveEnvironment(config, options.environment, options.db)
    await requireHere(
      placeOf(environment),
      { here: options.here, command: `up ${environment.name}` },
      context,
    )
    await using engine = await openEngine({ config, environment, run: run.id, report: run.report }, context)
    const world = await readUpWorld(environment, engine)
    const planned = planUp({ environment, ...world })
    const command = commandOf(options)
    run.report.note(
      renderHeader(
        'up',
        { environment, image: config.dbmate.image },
        paintFor(context.stderr, options, context),
      ),
    )
    for (const line of renderMissing(world.databases)) run.report.note(line)
    if (planned.steps.length === 0) {
      run.start(planned)
      run.report.result(renderNothingToDo(environment.name, world.databases))
      return nothingDone
    }
    if (environment.confirm) {
      if (!options.json)
        showPlan({ plan: planned, databases: [], environment, image: config.dbmate.image }, options, context)
      await confirm(
        {
          about: `Applying this to ${environment.name}`,
          answer: 'yes',
          given: options.confirm,
          command: `${command} --confirm yes`,
        },
        context,
      )
    }
    run.start(planned)
    await using performer = openPerformer(planned, {
      engine,
      onProgress: run.report.progress,
      stop: context.stop,
    })
    const started = performance.now()
    const result = await execute(planned, {
      run: run.id,
      perform: performer.perform,
      report: run.report,
      interrupt: context.interrupt,
      stop: context.stop,
      resume: command,
    })
    if (result.status === 'done')
      run.report.result(
        renderSummary({
          environment: environment.name,
          outcomes: result.outcomes,
          ms: performance.now() - started,
        }),
      )
    return result
  })
