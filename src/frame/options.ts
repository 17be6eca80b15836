import type { Argv } from 'yargs'
import { type ExitCode, usageError } from '../errors.ts'
import type { Context } from '../model/context.ts'
import { sectionedReport } from '../report/ci.ts'
import { jsonReport } from '../report/json.ts'
import { makePaint, type Paint } from '../report/paint.ts'
import type { Report } from '../report/report.ts'
import { textReport } from '../report/text.ts'
import type { RecordOptions } from '../run/record.ts'

/** The program that a verb adds itself to; it knows the global flags. */
export type Program = ReturnType<typeof globalOptions<object>>

/** Makes a yargs handler of a verb's function. */
export type Wire = <T>(handler: (options: T, context: Context) => Promise<ExitCode>) => (options: T) => void

/** Flags that every verb knows. */
export type GlobalOptions = {
  config?: string | undefined
  json: boolean
  quiet: boolean
  verbose: boolean
  color: boolean
  confirm?: string | undefined
  lockWait: number
  here: boolean
  events?: string | undefined
  junit?: string | undefined
}

/** The last one wins when a flag is given twice. */
export const lastOf = (value: string | string[]): string => [value].flat().at(-1) ?? ''

const secondsOf = (value: unknown): number => {
  const seconds = Number([value].flat().at(-1))
  if (Number.isFinite(seconds) && seconds >= 0) return seconds
  throw usageError('--lock-wait takes a number of seconds.', 'po-migrate --help')
}

export const globalOptions = <T>(yargs: Argv<T>) =>
  yargs
    .option('config', {
      type: 'string',
      requiresArg: true,
      coerce: lastOf,
      describe: 'Config file (default: migrate.yaml, there or in infrastructure/, searched upward)',
    })
    .option('json', {
      type: 'boolean',
      default: false,
      describe: 'One JSON document, or one event a line, on stdout',
    })
    .option('quiet', { type: 'boolean', default: false, describe: 'Results and failures only' })
    .option('verbose', { type: 'boolean', default: false, describe: 'Stack traces of unexpected errors' })
    .option('color', { type: 'boolean', default: true, describe: 'Colour; --no-color turns it off' })
    .option('confirm', { type: 'string', requiresArg: true, describe: 'The asked-for word (also: CONFIRM)' })
    .option('lock-wait', {
      type: 'number',
      requiresArg: true,
      default: 60,
      coerce: secondsOf,
      describe: 'Seconds to wait for another run',
    })
    .option('here', { type: 'boolean', default: false, describe: 'Run here, never over ssh' })
    .option('events', {
      type: 'string',
      requiresArg: true,
      coerce: lastOf,
      describe: 'File for the events of a run, one a line (where the verb runs)',
    })
    .option('junit', {
      type: 'string',
      requiresArg: true,
      coerce: lastOf,
      describe: 'File for a JUnit report of a run, one case a migration (where the verb runs)',
    })

/** Their names. */
export const globalNames = [
  'config',
  'json',
  'quiet',
  'verbose',
  'color',
  'confirm',
  'lock-wait',
  'here',
  'events',
  'junit',
]

/** Flags that only say something to a verb that changes things: the others do not show them. */
export const withoutRunFlags = <T>(yargs: Argv<T>): Argv<T> =>
  yargs.hide('confirm').hide('lock-wait').hide('events').hide('junit')

/** The environment that a verb acts on: always named, never a default. */
export const environmentArgument = <T>(yargs: Argv<T>) =>
  yargs.positional('environment', {
    type: 'string',
    demandOption: true,
    describe: 'As in the config, e.g. dev',
  })

/** `--exit-code`, as git diff and terraform plan have it. */
export const exitCodeOption = <T>(yargs: Argv<T>) =>
  yargs.option('exit-code', {
    type: 'boolean',
    default: false,
    describe: 'Answer 3 when something is pending',
  })

/** `--db`, one name each time. */
export const databaseOption = <T>(yargs: Argv<T>) =>
  yargs.option('db', {
    type: 'string',
    array: true,
    nargs: 1,
    default: [] as string[],
    requiresArg: true,
    coerce: (names: string[] | boolean): string[] => {
      if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names
      throw usageError('--db takes the name of a database.', 'po-migrate --help')
    },
    describe: 'Only this database; may be given several times',
  })

export const paintFor = (stream: Context['stderr'], { color }: GlobalOptions, { env }: Context): Paint =>
  makePaint(stream, { noColor: !color, env })

const textReportFor = (options: GlobalOptions, context: Context): Report => {
  const { stdout, stderr, env } = context
  const report = textReport({
    stdout,
    stderr,
    paint: paintFor(stderr, options, context),
    quiet: options.quiet,
    live: stderr.isTTY === true && env.CI !== 'true' && env.TERM !== 'dumb',
  })
  return env.GITLAB_CI === 'true' && !options.quiet ? sectionedReport(report, stderr) : report
}

/** Where the events of a run go beside its report. */
export const recordOptions = (files: GlobalOptions, { cwd, stderr }: Context): RecordOptions => ({
  files,
  cwd,
  complain: (text) => void stderr.write(text),
})

export const reportFor = (options: GlobalOptions, context: Context): Report =>
  options.json ? jsonReport(context.stdout) : textReportFor(options, context)
