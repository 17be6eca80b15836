import { type ExitCode, usageError } from '../errors.ts'
import type { Context } from '../model/context.ts'
import { planRollback } from '../plan/rollback.ts'
import { renderRollback } from '../report/rollback.ts'
import { renderSummary } from '../report/up.ts'
import { requireDocker } from '../run/require-shared.ts'
import { readUpWorld } from '../run/world.ts'
import { environmentArgument, type GlobalOptions, type Program, paintFor, type Wire } from './options.ts'
import { runPlanned } from './planned-run.ts'
import { withRun } from './run.ts'

export type RollbackOptions = GlobalOptions & { environment: string; db: string; steps: number }

const stepsOf = (value: unknown): number => {
  const steps = Number([value].flat().at(-1))
  if (Number.isInteger(steps) && steps > 0) return steps
  throw usageError('--steps takes a whole number from 1.', 'po-migrate rollback --help')
}

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
    'rollback <environment>',
    'Undo the newest applied migrations of one database',
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
          default: 1,
          requiresArg: true,
          coerce: stepsOf,
          describe: 'How many migrations',
        })
        .example('$0 rollback dev --db calendar', 'the newest one'),
    wire(rollback),
  )

const commandLine = ({ environment, db, steps }: RollbackOptions): string =>
  `po-migrate rollback ${environment} --db ${db}${steps > 1 ? ` --steps ${steps}` : ''}`

/** Undoes the newest applied migrations of one database, newest first, by their down sections. */
export const rollback = (options: RollbackOptions, context: Context): Promise<ExitCode> =>
  withRun({ command: 'rollback', environment: options.environment, global: options }, context, (run) =>
    runPlanned(
      run,
      {
        verb: 'rollback',
        options: { ...options, db: [options.db] },
        command: commandLine(options),
        plan: async (environment, engine) => {
          requireDocker(environment, 'rollback')
          const world = await readUpWorld(environment, engine)
          return {
            databases: world.databases,
            planned: planRollback({ environment, ...world, steps: options.steps }),
          }
        },
        // Others work with a shared host's data as well.
        asks: ({ confirm, host }) => confirm || host.shared === true,
        alwaysShown: true,
        question: `Undoing this in ${options.environment}`,
        show: ({ plan, command }, { stdout, stderr }) => {
          const paint = paintFor(stdout, options, context)
          stdout.write(renderRollback(plan, paint))
          if (command !== commandLine(options)) stderr.write(`${paint.symbols.next} ${command}\n`)
        },
        summarize: renderSummary,
        continueOnError: false,
      },
      context,
    ),
  )
