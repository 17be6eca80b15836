import { type ExitCode, usageError } from '../errors.ts'
import {
  databaseOption,
  environmentArgument,
  type GlobalOptions,
  type Program,
  type Wire,
} from '../frame/options.ts'
import { withRun } from '../frame/run.ts'
import type { Context } from '../model/context.ts'
import { planUp } from '../plan/up.ts'
import { withRehearsal } from '../rehearsal/with-rehearsal.ts'
import { renderSummary } from '../report/up.ts'
import { readUpWorld } from '../run/world.ts'
import { type LiftOptions, liftedBy, liftOptions } from './lift-options.ts'
import { plan, planCommandLine, showPlan, upCommandLine } from './plan.ts'
import { runPlanned } from './planned-run.ts'
import { type RehearseOption, rehearseOption } from './rehearse-option.ts'
import { verbs } from './verbs.ts'

export type UpOptions = GlobalOptions &
  LiftOptions &
  RehearseOption & {
    environment: string
    db: readonly string[]
    dryRun: boolean
    continueOnError: boolean
    jobs?: number | undefined
  }

const jobsGiven = (value: unknown): number => {
  const jobs = Number([value].flat().at(-1))
  if (Number.isInteger(jobs) && jobs > 0) return jobs
  throw usageError('--jobs takes a whole number from 1.', 'po-migrate up --help')
}

export const upCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.up,
    (args) =>
      rehearseOption(liftOptions(databaseOption(environmentArgument(args))))
        .option('dry-run', { type: 'boolean', default: false, describe: 'Show the plan and stop' })
        .option('continue-on-error', {
          type: 'boolean',
          default: false,
          describe: 'A failure stops its own database only',
        })
        .option('jobs', {
          type: 'number',
          requiresArg: true,
          coerce: jobsGiven,
          describe: 'How many databases side by side (default: 1; of a fleet one a core)',
        })
        .example('$0 up dev', 'every managed database')
        .example('$0 up qual --db calendar', 'one of them')
        .example('$0 up prod --confirm yes', 'where a confirmation is asked for'),
    wire((options: UpOptions, context) =>
      options.dryRun ? plan({ ...options, exitCode: false }, context) : up(options, context),
    ),
  )

/** Applies what is pending in every managed database of an environment, or in the named ones. */
export const up = (options: UpOptions, context: Context): Promise<ExitCode> =>
  withRun({ command: 'up', environment: options.environment, global: options }, context, (run) =>
    runPlanned(
      run,
      {
        verb: 'up',
        options,
        command: upCommandLine(options),
        look: planCommandLine(options),
        plan: async (environment, engine) => {
          const world = await readUpWorld(environment, engine)
          const planned = planUp({ environment, ...world, lifted: liftedBy(options) })
          const { databases } = world
          const { rehearse: given } = options
          return { databases, planned: await withRehearsal(planned, { environment, engine, given }) }
        },
        asks: ({ confirm }) => confirm,
        alwaysShown: false,
        question: `Applying this to ${options.environment}`,
        show: (shown, where) => showPlan(shown, options, where),
        summarize: renderSummary,
        continueOnError: options.continueOnError,
        jobs: options.jobs,
        takesIn: true,
        rehearse: options.rehearse,
      },
      context,
    ),
  )
