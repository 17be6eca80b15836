import { asAppError } from '../as-app-error.ts'
import type { Config } from '../config/load.ts'
import type { ExitCode } from '../errors.ts'
import { withRun } from '../frame/run.ts'
import { readRevision } from '../io/host/git.ts'
import { shellUntil } from '../io/host/shell.ts'
import type { Context } from '../model/context.ts'
import { quoteAll } from '../model/quote.ts'
import { writeDocument } from '../report/json.ts'
import { describeError } from '../report/report.ts'
import type { RunEvent } from '../report/run-documents.ts'
import { runRemote } from './call.ts'
import { type Place, requireElsewhere } from './place.ts'
import { changes, isRun, type Named, verbOf } from './typed.ts'

/** Where a verb goes; without an environment it is about the host itself. */
export type RemoteTarget = { config: Config; place: Place; environment?: string }

export type Dispatched = { target: RemoteTarget; options: Named; argv: readonly string[] }

/** A cutover that was begun is finished, whoever is still there to watch. */
const outlives = new Set(['cutover'])

/** The command line without what belongs to this machine: its own config. */
export const forwardedArgs = (argv: readonly string[]): string[] =>
  argv.filter(
    (word, index) => !(word === '--config' || word.startsWith('--config=') || argv[index - 1] === '--config'),
  )

/** Columns, where input and both outputs are a terminal. */
const terminalOf = ({ stdin, stdout, stderr, env }: Context): number | undefined =>
  stdin.isTTY && stdout.isTTY && stderr.isTTY && env.TERM !== 'dumb' && env.CI !== 'true'
    ? stderr.columns || 80
    : undefined

const go = async (typed: Dispatched, context: Context): Promise<ExitCode> => {
  const { target, options, argv } = typed
  const { config, place, environment } = target
  const { PATH, HOME } = context.env
  const args = forwardedArgs(argv)
  const [{ commit }] = await Promise.all([
    readRevision(config.directory, { PATH, HOME }, shellUntil(context.stop)),
    requireElsewhere(place, quoteAll(args), context),
  ])
  return runRemote(
    {
      host: place.host,
      environment,
      args,
      control: outlives.has(verbOf(typed)) ? 'lines' : 'stdin',
      changes: changes(options, argv),
      quiet: options.quiet,
      terminal: terminalOf(context),
      commit,
    },
    context,
  )
}

const isEvent = (line: string): boolean => line.startsWith('{"version":1,"event"')

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
        if (isEvent(line)) last = JSON.parse(line)
      }
    },
    last: () => last,
  }
}

/** Whoever reads events gets the last one in any case. */
const goWithEvents = async (typed: Dispatched, context: Context): Promise<ExitCode> => {
  const { target, options } = typed
  const events = followEvents((text) => context.stdout.write(text))
  try {
    return await go(typed, { ...context, stdout: { ...context.stdout, write: events.write } })
  } catch (error) {
    const told = asAppError(error, { begun: events.last() !== undefined })
    const last = events.last()
    if (last?.event === 'run.finished') return last.exit as ExitCode
    if (!last) {
      const environment = target.environment ?? target.place.host.name
      return withRun({ command: verbOf(typed), environment, global: options }, context, () =>
        Promise.reject(told),
      )
    }
    const finished: RunEvent = {
      version: 1,
      event: 'run.finished',
      run: last.run,
      status: 'failed',
      exit: told.exitCode,
      databases: [],
      error: describeError(told),
    }
    writeDocument(context.stdout, finished)
    return told.exitCode
  }
}

/** Types a verb on the machine where it belongs. */
export const dispatch = (typed: Dispatched, context: Context): Promise<ExitCode> =>
  typed.options.json && isRun(typed) ? goWithEvents(typed, context) : go(typed, context)
