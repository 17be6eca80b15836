import { type Config, loadConfig } from '../config/load.ts'
import { hostNetworks, resolveEnvironment, resolveHost } from '../config/resolve.ts'
import { AppError, type ExitCode } from '../errors.ts'
import { readRevision } from '../io/git.ts'
import { runShell } from '../io/shell.ts'
import type { Context } from '../model/context.ts'
import { quoteAll } from '../model/quote.ts'
import type { RunEvent } from '../report/documents.ts'
import { writeDocument } from '../report/json.ts'
import { describeError } from '../report/report.ts'
import { type Place, placeOf, requireElsewhere, runsHere } from '../run/place.ts'
import { runRemote } from '../run/remote.ts'
import type { GlobalOptions } from './options.ts'
import { withRun } from './run.ts'

/** What yargs made of a verb that names an environment or a host. */
export type Named = GlobalOptions & { _?: readonly (string | number)[] } & {
  environment?: unknown
  host?: unknown
  dryRun?: unknown
}

/** Verbs that read, and print one document; every other one changes something, and prints events. */
const reads = new Set(['plan', 'status', 'history', 'lock', 'doctor'])

/** A cutover that was begun is finished, whoever is still there to watch. */
const outlives = new Set(['cutover'])

/** The command line without what belongs to this machine: its own config. */
export const forwardedArgs = (argv: readonly string[]): string[] =>
  argv.filter(
    (word, index) => !(word === '--config' || word.startsWith('--config=') || argv[index - 1] === '--config'),
  )

type There = { config: Config; place: Place; environment?: string }

/** The other machine that a verb belongs on; whatever is wrong with the names is the verb's to say. */
const findElsewhere = (options: Named, context: Context): There | undefined => {
  const { environment, host } = options
  if (typeof environment !== 'string' && typeof host !== 'string') return undefined
  try {
    const config = loadConfig({ file: options.config, cwd: context.cwd, env: context.env })
    const place =
      typeof environment === 'string'
        ? placeOf(resolveEnvironment(config, environment))
        : { host: resolveHost(config, String(host)), networks: hostNetworks(config, String(host)) }
    if (runsHere(place.host, options.here, context)) return undefined
    return { config, place, ...(typeof environment === 'string' && { environment }) }
  } catch (error) {
    if (error instanceof AppError) return undefined
    throw error
  }
}

/** Passes whole lines on and remembers the last event: a connection can end in the middle of one. */
const followEvents = (write: (text: string) => unknown) => {
  let rest = ''
  let last: RunEvent | undefined
  return {
    write: (text: string): void => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        write(`${line}\n`)
        if (line.startsWith('{')) last = JSON.parse(line)
      }
    },
    last: () => last,
  }
}

type Journey = { there: There; options: Named; argv: readonly string[] }

const verbOf = ({ options, argv }: Journey): string => String(options._?.[0] ?? argv[0])

const changes = (journey: Journey): boolean =>
  !(reads.has(verbOf(journey)) || journey.options.dryRun === true)

const isTerminal = ({ stdout, stderr, env }: Context): boolean =>
  stdout.isTTY === true && stderr.isTTY === true && env.TERM !== 'dumb'

const travel = async (journey: Journey, context: Context): Promise<ExitCode> => {
  const { there, options, argv } = journey
  const { config, place, environment } = there
  const args = forwardedArgs(argv)
  await requireElsewhere(place, quoteAll(args), context)
  const { commit } = await readRevision(
    config.directory,
    { PATH: context.env.PATH, HOME: context.env.HOME },
    runShell,
  )
  return runRemote(
    {
      host: place.host,
      environment,
      args,
      control: outlives.has(verbOf(journey)) ? 'lines' : 'stdin',
      changes: changes(journey),
      quiet: options.quiet,
      color: options.color && isTerminal(context),
      commit,
    },
    context,
  )
}

/** Whoever reads events gets the last one in any case. */
const travelWithEvents = async (journey: Journey, context: Context): Promise<ExitCode> => {
  const { there, options } = journey
  const events = followEvents((text) => context.stdout.write(text))
  try {
    return await travel(journey, { ...context, stdout: { ...context.stdout, write: events.write } })
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const last = events.last()
    if (last?.event === 'run.finished') return last.exit as ExitCode
    if (!last) {
      const run = { command: verbOf(journey), environment: there.environment ?? there.place.host.name }
      return withRun({ ...run, global: options }, context, () => Promise.reject(error))
    }
    const finished: RunEvent = {
      version: 1,
      event: 'run.finished',
      run: last.run,
      status: 'failed',
      exit: error.exitCode,
      databases: [],
      error: describeError(error),
    }
    writeDocument(context.stdout, finished)
    return error.exitCode
  }
}

export type Handler<T> = (options: T, context: Context) => Promise<ExitCode>

/** Runs a verb here, or where the environment or the host that it names is: over ssh, as it was typed. */
export const runWhereItBelongs = async <T>(
  handler: Handler<T>,
  { options, argv }: { options: T; argv: readonly string[] },
  context: Context,
): Promise<ExitCode> => {
  const named = options as Named
  const there = findElsewhere(named, context)
  if (!there) return handler(options, context)
  const journey = { there, options: named, argv }
  return named.json && changes(journey) ? travelWithEvents(journey, context) : travel(journey, context)
}
