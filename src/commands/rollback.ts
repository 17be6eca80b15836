import { type ExitCode, usageError } from '../errors.ts'
import {
  environmentArgument,
  type GlobalOptions,
  lastOf,
  type Program,
  paintFor,
  type Wire,
} from '../frame/options.ts'
import { withRun } from '../frame/run.ts'
import { standingFlags } from '../frame/standing-flags.ts'
import type { Context } from '../model/context.ts'
import type { Plan } from '../model/plan.ts'
import { quoteAll } from '../model/quote.ts'
import type { DatabaseState, Environment } from '../model/types.ts'
import { beforeAll, judgeRollback, planRollback, type RollbackTarget, staysOf } from '../plan/rollback.ts'
import { renderRollback } from '../report/rollback.ts'
import { toPaste } from '../report/to-paste.ts'
import { renderSummary } from '../report/up.ts'
import { lintRollback } from '../run/lint-rollback.ts'
import { requireServer } from '../run/require-docker.ts'
import { askObjects, linterFor, readUpWorld } from '../run/world.ts'
import { runPlanned } from './planned-run.ts'
import { verbs } from './verbs.ts'

export type RollbackOptions = GlobalOptions & {
  environment: string
  db: string
  steps?: number | undefined
  to?: string | undefined
}

const stepsOf = (value: unknown): number => {
  const steps = Number([value].flat().at(-1))
  if (Number.isInteger(steps) && steps > 0) return steps
  throw usageError('--steps takes a whole number from 1.', 'po-migrate rollback --help')
}

const targetOf = ({ steps = 1, to }: RollbackOptions): RollbackTarget =>
  to === undefined ? { steps } : { to }

const oneDatabase = (value: string | string[]): string => {
  const [name = '', ...others] = [value].flat()
  if (others.length === 0) return name
  throw usageError(
    'rollback takes one --db: each database has its own newest migrations.',
    'po-migrate rollback --help',
  )
}

export const rollbackCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.rollback,
    (args) =>
      environmentArgument(args)
        .option('db', {
          type: 'string',
          demandOption: true,
          requiresArg: true,
          coerce: oneDatabase,
          describe: 'The database',
        })
        .option('steps', {
          type: 'number',
          requiresArg: true,
          coerce: stepsOf,
          describe: 'How many migrations (default: 1)',
        })
        .option('to', {
          type: 'string',
          requiresArg: true,
          conflicts: 'steps',
          coerce: lastOf,
          describe: `Every migration newer than this version, which stays; ${beforeAll}: all of them`,
        })
        .example('$0 rollback dev --db calendar', 'the newest one')
        .example('$0 rollback dev --db calendar --to 00007', 'whatever is newer than 00007'),
    wire(rollback),
  )

/** As it was typed. */
export const rollbackCommandLine = ({ environment, db, steps, to }: RollbackOptions): string => {
  const command = ['po-migrate', 'rollback', environment, '--db', db]
  if (to !== undefined) return quoteAll([...command, '--to', to])
  return quoteAll(steps === undefined ? command : [...command, '--steps', String(steps)])
}

/** A number of steps would undo more when it is repeated after some of them were done. */
const resumeLine = (options: RollbackOptions, planned: Plan, [state]: readonly DatabaseState[]): string => {
  const { steps: _, ...rest } = options
  return rollbackCommandLine({ ...rest, to: staysOf(planned, state?.applied ?? []) })
}

/** @throws AppError (exit 2) for a fleet: what is newest in one of its databases may not be there in another. */
const requireOne = ({ fleets = [] }: Environment, { environment, db }: RollbackOptions): void => {
  if (!fleets.some(({ only }) => only === undefined)) return
  throw usageError(
    `rollback takes one database, and ${db} is a fleet: each of its databases has its own newest migrations.`,
    `po-migrate rollback ${environment} --db ${db}/NAME`,
    [`po-migrate status ${environment} --db ${db} tells which stands where.`],
  )
}

/** Undoes the newest applied migrations of one database, newest first, by their down sections. */
export const rollback = (options: RollbackOptions, context: Context): Promise<ExitCode> =>
  withRun({ command: 'rollback', environment: options.environment, global: options }, context, (run) =>
    runPlanned(
      run,
      {
        verb: 'rollback',
        options: { ...options, db: [options.db] },
        command: rollbackCommandLine(options),
        resume: ({ planned, databases }) => resumeLine(options, planned, databases),
        plan: async (environment, engine) => {
          requireOne(environment, options)
          requireServer(environment, 'rollback')
          const world = await readUpWorld(environment, engine)
          const { databases } = world
          const planned = planRollback({ environment, ...world, target: targetOf(options) })
          const asking = { load: linterFor(engine), ask: askObjects(engine) }
          const judged = await lintRollback(planned, databases, asking)
          return { databases, planned: judgeRollback(planned, judged) }
        },
        // Others work with a shared host's data as well.
        asks: ({ confirm, host }) => confirm || host.shared === true,
        alwaysShown: true,
        question: `Undoing this in ${options.environment}`,
        show: ({ plan, command }, { stdout, stderr }) => {
          const paint = paintFor(stdout, options, context)
          stdout.write(renderRollback(plan, paint))
          const flags = standingFlags(options, context)
          if (command !== rollbackCommandLine(options))
            stderr.write(`${paint.symbols.next} ${toPaste(command, flags)}\n`)
        },
        summarize: renderSummary,
        continueOnError: false,
        takesIn: false,
      },
      context,
    ),
  )
