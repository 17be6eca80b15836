import yargs from 'yargs'
import { asAppError, withStack } from './as-app-error.ts'
import { backupCommand } from './commands/backup.ts'
import { cutoverCommand } from './commands/cutover.ts'
import { doctorCommand } from './commands/doctor.ts'
import { historyCommand } from './commands/history.ts'
import { lintCommand } from './commands/lint.ts'
import { lockCommand } from './commands/lock.ts'
import { newCommand } from './commands/new.ts'
import { planCommand } from './commands/plan.ts'
import { restoreCommand } from './commands/restore.ts'
import { rollbackCommand } from './commands/rollback.ts'
import { startCommand } from './commands/start.ts'
import { statusCommand } from './commands/status.ts'
import { upCommand } from './commands/up.ts'
import { AppError, type ExitCode, exitCodes, usageError } from './errors.ts'
import { globalOptions, type Program, type Wire } from './frame/options.ts'
import type { Context } from './model/context.ts'
import { changes, type Named } from './remote/dispatch.ts'
import { runWhereItBelongs } from './remote/route.ts'
import { makePaint } from './report/paint.ts'
import { renderError } from './report/render.ts'
import { requireFreshBuild } from './run/fresh-build.ts'
import { toolVersion } from './version.ts'

const commands = [
  upCommand,
  planCommand,
  statusCommand,
  rollbackCommand,
  newCommand,
  lintCommand,
  historyCommand,
  backupCommand,
  restoreCommand,
  lockCommand,
  startCommand,
  cutoverCommand,
  doctorCommand,
]

const epilogue = `Exit codes:
  0 done   1 failed   2 usage, config or files   3 pending (--exit-code)   4 refused
  5 locked   6 unreachable   130/143 interrupted
Environment: CONFIRM, PO_MIGRATE_HERE, DOCKER_HOST, NO_COLOR, FORCE_COLOR`

const buildProgram = (argv: readonly string[], { stdout }: Context): Program =>
  globalOptions(yargs([...argv]) as Program)
    .scriptName('po-migrate')
    .usage('$0 VERB …\n\nMigrates every managed database of an environment with dbmate.')
    .completion('completion', 'Shell completion for bash and zsh')
    .version(toolVersion())
    .epilogue(epilogue)
    .strict()
    .recommendCommands()
    .demandCommand(1, 'Which verb?')
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .wrap(Math.min(stdout.columns ?? 80, 100))
    .exitProcess(false)
    .fail((message, error) => {
      throw error instanceof AppError || message === null
        ? error
        : usageError(explainUsage(message), 'po-migrate --help')
    })

/** yargs' words, where they don't say what to do. */
const explainUsage = (message: string): string =>
  message.startsWith('Not enough non-option arguments')
    ? 'An argument is missing: see po-migrate VERB --help.'
    : message

/**
 * Runs one command line and answers its exit code; the one place where errors become words.
 * An AppError prints what, why and the next command; anything else is a bug, and --verbose shows its stack.
 */
export const runCli = async (argv: readonly string[], context: Context): Promise<ExitCode> => {
  let exit: ExitCode = exitCodes.done
  let changing = false
  const wire: Wire = (handler) => async (options) => {
    changing = changes(options as Named, argv)
    if (context.root !== undefined) requireFreshBuild(context.root)
    exit = await runWhereItBelongs(handler, { options, argv }, context)
  }
  const program = buildProgram(argv, context)
  for (const add of commands) add(program, wire)
  try {
    await program.parseAsync()
    return exit
  } catch (error) {
    const told = asAppError(error, { begun: false })
    const explained = argv.includes('--verbose') ? withStack(told) : told
    const paint = makePaint(context.stderr, { noColor: argv.includes('--no-color'), env: context.env })
    const { message, details, hint, touched } = explained
    // Nobody fears that a verb that only reads had touched something.
    context.stderr.write(
      renderError({ message, details, hint, touched: changing ? touched : undefined }, paint),
    )
    return explained.exitCode
  }
}
