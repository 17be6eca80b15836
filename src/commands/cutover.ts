import { beginCutover } from '../cutover/begin.ts'
import { type CutoverOptions, cutoverCommandLine, refuseUnconfirmed } from '../cutover/conduct.ts'
import { resumeCutover, undoCutover } from '../cutover/continue.ts'
import { attach, detach, isLive, isVisible, newestOf } from '../cutover/follow.ts'
import { openCutover } from '../cutover/open.ts'
import { resolveCutoverHost } from '../cutover/world.ts'
import { type ExitCode, usageError } from '../errors.ts'
import { configOf } from '../frame/config-of.ts'
import type { Program, Wire } from '../frame/options.ts'
import { type Run, withRun } from '../frame/run.ts'
import { openRunLog } from '../io/host/run-log.ts'
import type { Context } from '../model/context.ts'
import { isReset } from '../model/cutover.ts'
import { logReport } from '../report/log.ts'
import { nothingDone, type RunResult } from '../run/run-result.ts'
import { refuseUnfinished } from '../run/unfinished.ts'
import { verbs } from './verbs.ts'

export const cutoverCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.cutover,
    (args) =>
      args
        .positional('host', {
          type: 'string',
          demandOption: true,
          describe: 'A host with a cutover: section',
        })
        .option('resume', { type: 'boolean', default: false, describe: 'Finish what was begun' })
        .option('undo', {
          type: 'boolean',
          default: false,
          describe: 'Bring back what the newest run replaced',
        })
        .option('attach', { type: 'boolean', default: false, describe: 'Look at the one that is at work' })
        .option('log', { type: 'string', requiresArg: true, hidden: true })
        .option('drop', {
          type: 'string',
          array: true,
          nargs: 1,
          default: [] as string[],
          requiresArg: true,
          describe: 'What no migration rebuilds, and need not come along: a database, a role …',
        })
        .example('$0 cutover dev', 'a fresh start on a laptop')
        .example('$0 cutover vps --confirm yes', 'qual and prod, on their host'),
    wire(cutover),
  )

/** What is left to do when this process has let go of the host: look at another one. */
type Later = { do?: () => Promise<ExitCode> }

const handedOver: RunResult = { ...nothingDone, handedOver: true }

const runCutover = async (
  run: Run,
  { options, context, later }: { options: CutoverOptions; context: Context; later: Later },
): Promise<RunResult> => {
  if (Number(options.resume) + Number(options.undo) + Number(options.attach) > 1)
    throw usageError(
      'One of --resume (finish it), --undo (take it back) and --attach (look at it).',
      'po-migrate cutover --help',
    )
  const config = configOf(options, context)
  const host = resolveCutoverHost(config, options.host)
  const followed = { options, config, host, context }
  const isPlain = !options.resume && !options.undo
  const { lockWait, log } = options
  if (options.attach || (isPlain && (await isVisible(followed)))) {
    later.do = () => attach(followed)
    return handedOver
  }
  if (isPlain && !(await isLive(followed))) refuseUnfinished(newestOf(followed), !isReset(host.cutover))
  if (!options.resume) refuseUnconfirmed({ options, context, host })
  const { report, id } = run
  const command = cutoverCommandLine(options)
  await using opened = await openCutover({ config, host, run: id, report, command, lockWait }, context)
  const detaches = context.detach !== undefined && log === undefined && !isReset(host.cutover)
  const handOver = (journal: string): void => {
    later.do = () => detach(followed, journal)
  }
  const session = { run, options, context, config, host, opened, handOver: detaches ? handOver : undefined }
  if (options.resume) return await resumeCutover(session)
  return await (options.undo ? undoCutover(session) : beginCutover(session))
}

/** Makes a host's databases anew from the migrations, goes on with that, takes it back, or looks at it. */
export const cutover = async (options: CutoverOptions, context: Context): Promise<ExitCode> => {
  const later: Later = {}
  const { log } = options
  const report = log === undefined ? undefined : logReport(openRunLog(log))
  const frame = { command: 'cutover', environment: options.host, global: options, ...(report && { report }) }
  const exit = await withRun(frame, context, (run) => runCutover(run, { options, context, later }))
  return later.do ? later.do() : exit
}
