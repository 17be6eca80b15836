import { loadConfig } from '../config/load.ts'
import { type ExitCode, usageError } from '../errors.ts'
import type { Context } from '../model/context.ts'
import { resolveCutoverHost } from '../run/cutover-world.ts'
import type { RunResult } from '../run/execute.ts'
import { openCutover } from '../run/open-cutover.ts'
import { beginCutover } from './cutover-begin.ts'
import { resumeCutover, undoCutover } from './cutover-continue.ts'
import { type CutoverOptions, refuseUnconfirmed } from './cutover-session.ts'
import type { Program, Wire } from './options.ts'
import { type Run, withRun } from './run.ts'

export const cutoverCommand = (program: Program, wire: Wire) =>
  program.command(
    'cutover <host>',
    "Wipe a host's volume and build its databases from the migrations; what it held is kept",
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
        .option('drop', {
          type: 'string',
          array: true,
          nargs: 1,
          default: [] as string[],
          requiresArg: true,
          describe: 'A database or role that no migration rebuilds, and that need not come along',
        })
        .example('$0 cutover dev', 'a fresh start on a laptop')
        .example('$0 cutover vps --confirm yes', 'qual and prod, on their host'),
    wire(cutover),
  )

const commandLine = ({ host, resume, undo, drop }: CutoverOptions): string =>
  [
    'po-migrate cutover',
    host,
    ...(resume ? ['--resume'] : []),
    ...(undo ? ['--undo'] : []),
    ...drop.map((name) => `--drop ${name}`),
  ].join(' ')

const runCutover = async (run: Run, options: CutoverOptions, context: Context): Promise<RunResult> => {
  if (options.resume && options.undo)
    throw usageError('Either --resume or --undo: one finishes what was begun, the other takes it back.')
  const config = loadConfig({ file: options.config, cwd: context.cwd, env: context.env })
  const host = resolveCutoverHost(config, options.host)
  if (!options.resume) refuseUnconfirmed({ options, context, host })
  const { report, id } = run
  const { lockWait } = options
  const command = commandLine(options)
  await using opened = await openCutover({ config, host, run: id, report, command, lockWait }, context)
  const session = { run, options, context, config, host, opened }
  if (options.resume) return await resumeCutover(session)
  return await (options.undo ? undoCutover(session) : beginCutover(session))
}

/** Makes a host's databases anew from the migrations, goes on with that, or takes it back. */
export const cutover = (options: CutoverOptions, context: Context): Promise<ExitCode> =>
  withRun({ command: 'cutover', environment: options.host, global: options }, context, (run) =>
    runCutover(run, options, context),
  )
