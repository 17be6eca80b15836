import yargs from 'yargs'
import { asAppError, withStack } from './as-app-error.ts'
import { adoptCommand } from './commands/adopt.ts'
import { backupCommand } from './commands/backup.ts'
import { cutoverCommand } from './commands/cutover.ts'
import { doctorCommand } from './commands/doctor.ts'
import { driftCommand } from './commands/drift.ts'
import { historyCommand } from './commands/history.ts'
import { initCommand } from './commands/init.ts'
import { lintCommand } from './commands/lint.ts'
import { lockCommand } from './commands/lock.ts'
import { newCommand } from './commands/new.ts'
import { planCommand } from './commands/plan.ts'
import { reportCommand } from './commands/report.ts'
import { restoreCommand } from './commands/restore.ts'
import { rollbackCommand } from './commands/rollback.ts'
import { startCommand } from './commands/start.ts'
import { statusCommand } from './commands/status.ts'
import { upCommand } from './commands/up.ts'
import { verifyCommand } from './commands/verify.ts'
import { loadConfig } from './config/load.ts'
import { AppError, type ExitCode, exitCodes } from './errors.ts'
import { globalNames, globalOptions, type Program, type Wire } from './frame/options.ts'
import { standingFlags } from './frame/standing-flags.ts'
import { explainUsage } from './frame/usage.ts'
import type { Context } from './model/context.ts'
import { changes, type Named } from './remote/dispatch.ts'
import { runWhereItBelongs } from './remote/route.ts'
import { asciiOutput } from './report/ascii.ts'
import { isUnicode, makePaint } from './report/paint.ts'
import { renderError } from './report/render.ts'
import { errorToPaste, type StandingFlags } from './report/to-paste.ts'
import { requireFreshBuild } from './run/fresh-build.ts'
import { toolVersion } from './version.ts'

const commands = {
  init: initCommand,
  up: upCommand,
  plan: planCommand,
  status: statusCommand,
  rollback: rollbackCommand,
  new: newCommand,
  lint: lintCommand,
  verify: verifyCommand,
  drift: driftCommand,
  adopt: adoptCommand,
  history: historyCommand,
  report: reportCommand,
  backup: backupCommand,
  restore: restoreCommand,
  lock: lockCommand,
  start: startCommand,
  cutover: cutoverCommand,
  doctor: doctorCommand,
}

const epilogue = `Exit codes:
  0 done   1 failed   2 usage, config or files   3 pending (--exit-code)   4 refused
  5 locked   6 unreachable   130/143 interrupted
Environment: CONFIRM, PO_MIGRATE_HERE, DOCKER_HOST, NO_COLOR, FORCE_COLOR`

const everyVerb = 'Options of every verb:'

const buildProgram = (argv: readonly string[], context: Context): Program =>
  globalOptions(yargs([...argv]) as Program)
    .scriptName('po-migrate')
    .usage('$0 VERB …\n\nMigrates every managed database of an environment with dbmate.')
    .completion('completion', 'Shell completion for bash and zsh')
    .version(toolVersion())
    .alias({ help: 'h', version: 'v' })
    .group([...globalNames, 'help', 'version'], everyVerb)
    .epilogue(epilogue)
    .strict()
    .demandCommand(1, 'Which verb?')
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .wrap(Math.min(context.stdout.columns ?? 80, 100))
    .exitProcess(false)
    .fail((message, error, instance) => {
      if (error instanceof AppError || message === null) throw error
      throw explainUsage(message, {
        words: argv.filter((word) => !word.startsWith('-')),
        verbs: Object.keys(commands),
        flags: argv.flatMap((word) => (word.startsWith('--') ? word.slice(2).split('=', 1) : [])),
        options: optionsOf(instance),
        values: (argument) => valuesOf(argument, argv, context),
      })
    })

/** yargs has them, and its types do not say so. */
const optionsOf = (usage: unknown): string[] =>
  Object.keys((usage as { getDescriptions: () => object }).getDescriptions())

/** The names in the config, where there is one. */
const valuesOf = (argument: string, argv: readonly string[], { cwd, env }: Context): string[] => {
  if (argument === 'action') return ['status', 'release']
  try {
    const given = argv[argv.indexOf('--config') + 1]
    const config = loadConfig({ file: argv.includes('--config') ? given : undefined, cwd, env })
    const tables = { environment: config.environments, host: config.hosts, db: config.databases }
    return Object.keys(tables[argument as keyof typeof tables] ?? {})
  } catch {
    return []
  }
}

/** What a verb has of its own comes before what all have: yargs puts every other group last. */
const ownFirst = (help: string): string => {
  const blocks = help.split('\n\n')
  const at = blocks.findIndex((block) => block.startsWith(everyVerb))
  const own = blocks.findIndex((block) => block.startsWith('Options:'))
  if (at < 0 || own < at) return help
  const [shared = ''] = blocks.splice(at, 1)
  blocks.splice(own, 0, shared)
  return blocks.join('\n\n')
}

/** Documents and events are the same in every locale, and so is a page, which says itself how it is encoded. */
const inLocale = (context: Context, argv: readonly string[]): Context => {
  if (isUnicode(context.env) || argv.includes('--json')) return context
  const stdout = argv.includes('report') ? context.stdout : asciiOutput(context.stdout)
  return { ...context, stdout, stderr: asciiOutput(context.stderr) }
}

/**
 * Runs one command line and answers its exit code; the one place where errors become words.
 * An AppError prints what, why and the next command; anything else is a bug, and --verbose shows its stack.
 */
export const runCli = async (argv: readonly string[], given: Context): Promise<ExitCode> => {
  const context = inLocale(given, argv)
  let exit: ExitCode = exitCodes.done
  let changing = false
  let flags: StandingFlags = []
  const wire: Wire = (handler) => async (options) => {
    changing = changes(options as Named, argv)
    flags = standingFlags(options as Named, context)
    if (context.root !== undefined) requireFreshBuild(context.root)
    exit = await runWhereItBelongs(handler, { options, argv }, context)
  }
  const program = buildProgram(argv, context)
  for (const add of Object.values(commands)) add(program, wire)
  try {
    await program.parseAsync([...argv], {}, (_error, _argv, output) => {
      if (output) context.stdout.write(`${ownFirst(output)}\n`)
    })
    return exit
  } catch (error) {
    const told = asAppError(error, { begun: false })
    const explained = argv.includes('--verbose') ? withStack(told) : told
    const paint = makePaint(context.stderr, { noColor: argv.includes('--no-color'), env: context.env })
    const { message, touched } = explained
    // Nobody fears that a verb that only reads had touched something.
    context.stderr.write(
      renderError(
        { message, ...errorToPaste(explained, flags), touched: changing ? touched : undefined },
        paint,
      ),
    )
    return explained.exitCode
  }
}
