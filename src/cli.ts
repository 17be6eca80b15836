import { asAppError, withStack } from './as-app-error.ts'
import { loadVerb } from './commands/load-verb.ts'
import { choices, deniable, type Verb, verbs } from './commands/verbs.ts'
import { AppError, type ExitCode, exitCodes, usageError } from './errors.ts'
import { globalNames, globalOptions, type Program, type Wire } from './frame/options.ts'
import type { UsageFacts } from './frame/usage.ts'
import type { Context, Output } from './model/context.ts'
import { changes, type Named } from './remote/typed.ts'
import { asciiOutput } from './report/ascii.ts'
import { foldedOutput, isFolded } from './report/fold.ts'
import { isUnicode, makePaint } from './report/paint.ts'
import { renderError } from './report/render.ts'
import { errorToPaste, type StandingFlags } from './report/to-paste.ts'
import { toolVersion } from './version.ts'

/** Every verb by its summary; whole, and loaded, where the command line has its word. */
const addVerbs = async (program: Program, wire: Wire, argv: readonly string[]): Promise<void> => {
  for (const [verb, [typed, does]] of Object.entries(verbs)) {
    if (argv.includes(verb)) (await loadVerb(verb as Verb))(program, wire)
    else program.command(typed, does)
  }
}

const epilogue = `Exit codes:
  0 done   1 failed   2 usage, config or files   3 pending (--exit-code)
  4 refused   5 locked   6 unreachable   130/143 interrupted
Environment: CONFIRM, PO_MIGRATE_HERE, DOCKER_HOST, NO_COLOR, FORCE_COLOR`

/** yargs cuts words where two columns have too little room; ours are folded then. */
const helpWidth = (columns: number): number | null => (columns < 80 ? null : Math.min(columns - 1, 100))

const saysNo = '--no-'

/** yargs lets no be said to any flag: one that takes a value would be `false`, which is none. */
const refuseNo = (
  argv: readonly string[],
  parsed: Readonly<Record<string, unknown>>,
  switches: readonly string[],
): true => {
  const names = argv.flatMap((word) => (word.startsWith(saysNo) ? word.slice(saysNo.length) : []))
  const name = names.find((one) => !deniable.includes(one) && one in parsed && !switches.includes(one))
  if (name === undefined) return true
  throw usageError(`--${name} takes a value: there is no --no-${name}.`, 'po-migrate --help')
}

const everyVerb = 'Options of every verb:'

const buildProgram = async (argv: readonly string[], context: Context): Promise<Program> => {
  const { default: yargs } = await import('yargs')
  const program = globalOptions(yargs([...argv]) as Program)
  return program
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
    .check((parsed) => refuseNo(argv, parsed, switchesOf(program)), true)
    .wrap(helpWidth(context.stdout.columns || 80))
    .exitProcess(false)
    .fail((message, error, instance) => {
      if (error instanceof AppError || message === null) throw error
      throw new Misuse(message, optionsOf(instance), switchesOf(program))
    })
}

type Internals = { getInternalMethods: () => { getUsageInstance: () => { cacheHelpMessage: () => void } } }

/** yargs lays out the help behind every verb, for handlers that may ask for it later; ours do not. */
const withoutCachedHelp = (program: Program): Program => {
  const usage = (program as unknown as Internals).getInternalMethods().getUsageInstance()
  usage.cacheHelpMessage = () => {}
  return program
}

/** yargs has them, and its types do not say so. */
const optionsOf = (usage: unknown): string[] =>
  Object.keys((usage as { getDescriptions: () => object }).getDescriptions())

/** Those that say yes or no, by all their names. */
const switchesOf = (program: Program): string[] => {
  const { boolean: names, alias } = (
    program as unknown as { getOptions: () => { boolean: string[]; alias: Record<string, string[]> } }
  ).getOptions()
  return names.flatMap((name) => [name, ...(alias[name] ?? [])])
}

/** What yargs has against a command line, before it is put into words of ours. */
class Misuse extends Error {
  readonly options: readonly string[]
  readonly switches: readonly string[]

  constructor(message: string, options: readonly string[], switches: readonly string[]) {
    super(message)
    this.options = options
    this.switches = switches
  }
}

const explainMisuse = async (
  { message, options, switches }: Misuse,
  argv: readonly string[],
  context: Context,
): Promise<AppError> => {
  const { explainUsage, namesIn, takeApart } = await import('./frame/usage.ts')
  const names: UsageFacts['choices'] = { ...namesIn(argv, context), ...choices }
  return explainUsage(message, {
    ...takeApart(argv, (name) => switches.includes(name)),
    verbs: Object.keys(verbs),
    flags: argv.flatMap((word) => (word.startsWith('--') ? word.slice(2).split('=', 1) : [])),
    options,
    choices,
    values: (argument) => names[argument] ?? [],
  })
}

/** A type that yargs puts right behind a description that fills its column. */
const glued = /(?<=\S)(?=\[(?:array|boolean|number|string)\])/g

/** What a verb has of its own comes before what all have: yargs puts every other group last. */
const ownFirst = (help: string): string => {
  const blocks = help.replaceAll(glued, ' ').split('\n\n')
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

/** Documents and statements are taken as they are. */
const inWidth = (context: Context, argv: readonly string[]): Context => {
  const { stdout, stderr } = context
  if (argv.includes('--json') || argv.includes('--sql') || ![stdout, stderr].some(isFolded)) return context
  const folded = (stream: Output): Output => (isFolded(stream) ? foldedOutput(stream) : stream)
  return { ...context, stdout: folded(stdout), stderr: folded(stderr) }
}

/**
 * Runs one command line and answers its exit code; the one place where errors become words.
 * An AppError prints what, why and the next command; anything else is a bug, and --verbose shows its stack.
 */
export const runCli = async (argv: readonly string[], given: Context): Promise<ExitCode> => {
  const context = inLocale(inWidth(given, argv), argv)
  let changing = false
  let flags: StandingFlags = []
  let chosen = async (): Promise<ExitCode> => exitCodes.done
  const wire: Wire = (handler) => (options) => {
    chosen = async () => {
      const { runVerb } = await import('./commands/run-verb.ts')
      changing = changes(options as Named, argv)
      const onFlags = (standing: StandingFlags): void => {
        flags = standing
      }
      return runVerb({ handler, options, argv, onFlags }, context)
    }
  }
  const program = withoutCachedHelp(await buildProgram(argv, context))
  try {
    await addVerbs(program, wire, argv)
    await program.parseAsync([...argv], {}, (_error, _argv, output) => {
      if (output) context.stdout.write(`${ownFirst(output)}\n`)
    })
    return await chosen()
  } catch (error) {
    const misused = error instanceof Misuse ? await explainMisuse(error, argv, context) : error
    const told = asAppError(misused, { begun: false })
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
