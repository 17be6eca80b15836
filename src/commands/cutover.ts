import { type AtWork, readAtWork } from '../cutover/at-work.ts'
import { beginCutover } from '../cutover/begin.ts'
import { type CutoverOptions, cutoverCommandLine, refuseUnconfirmed } from '../cutover/conduct.ts'
import { resumeCutover, undoCutover } from '../cutover/continue.ts'
import { attach, detach } from '../cutover/follow.ts'
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

type Way = 'begin' | 'resume' | 'undo' | 'attach'

/** @throws AppError (exit 2) when two are asked for. */
const wayOf = (options: CutoverOptions): Way => {
  const [way = 'begin', ...others] = (['resume', 'undo', 'attach'] as const).filter((one) => options[one])
  if (others.length === 0) return way
  throw usageError(
    'One of --resume (finish it), --undo (take it back) and --attach (look at it).',
    'po-migrate cutover --help',
  )
}

/**
 * Where one is at work, whoever asks for another one gets to see it.
 * @throws AppError (exit 4) where one ended half-way.
 */
const beginOrAttach = ({ newest, isLive, isVisible }: AtWork, confirmed: boolean): Way => {
  if (isVisible) return 'attach'
  if (!isLive) refuseUnfinished(newest, confirmed)
  return 'begin'
}

const conductors = { begin: beginCutover, resume: resumeCutover, undo: undoCutover }

const runCutover = async (
  run: Run,
  { options, context }: { options: CutoverOptions; context: Context },
): Promise<RunResult> => {
  const asked = wayOf(options)
  const config = configOf(options, context)
  const host = resolveCutoverHost(config, options.host)
  const followed = { options, config, host, context }
  const confirmed = !isReset(host.cutover)
  const way = asked === 'begin' ? beginOrAttach(await readAtWork(followed), confirmed) : asked
  if (way === 'attach') return { ...nothingDone, handedOver: () => attach(followed) }
  if (way !== 'resume') refuseUnconfirmed({ options, context, host })
  const { lockWait, log } = options
  const { report, id } = run
  const command = cutoverCommandLine(options)
  await using opened = await openCutover({ config, host, run: id, report, command, lockWait }, context)
  const detaches = context.detach !== undefined && log === undefined && confirmed
  const handOver = detaches ? (journal: string) => detach(followed, journal) : undefined
  return await conductors[way]({ run, options, context, config, host, opened, handOver })
}

/** Makes a host's databases anew from the migrations, goes on with that, takes it back, or looks at it. */
export const cutover = async (options: CutoverOptions, context: Context): Promise<ExitCode> => {
  const { log } = options
  const report = log === undefined ? undefined : logReport(openRunLog(log))
  const frame = { command: 'cutover', environment: options.host, global: options, ...(report && { report }) }
  return await withRun(frame, context, (run) => runCutover(run, { options, context }))
}
