import { resolve } from 'node:path'
import { type BackupOptions, backupCommandLine, runBackup } from '../backup/conduct-backup.ts'
import { placeAt } from '../backup/place.ts'
import { requireSessions } from '../backup/require-sessions.ts'
import { resolveEnvironment } from '../config/resolve.ts'
import { requireState } from '../config/state.ts'
import type { ExitCode } from '../errors.ts'
import { configOf } from '../frame/config-of.ts'
import { environmentArgument, type Program, type Wire } from '../frame/options.ts'
import { withRun } from '../frame/run.ts'
import { requireShared } from '../io/shared-engine.ts'
import type { Context } from '../model/context.ts'
import { lockHost } from '../run/lock-host.ts'
import { makeHolder } from '../run/make-holder.ts'
import { openEnvironment } from '../run/open-environment.ts'
import { requireDocker } from '../run/require-docker.ts'
import { verbs } from './verbs.ts'

export const backupCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.backup,
    (args) =>
      environmentArgument(args)
        .option('to', {
          type: 'string',
          requiresArg: true,
          describe: 'Directory on another disk or a mounted share; left out: the state directory',
        })
        .example('$0 backup prod', '')
        .example('$0 backup prod --to /mnt/backups', 'what lies on the disk of the data is lost with it'),
    wire(backup),
  )

/** Dumps every managed database of an environment, proves the dumps, and keeps them. */
const backup = (options: BackupOptions, context: Context): Promise<ExitCode> =>
  withRun({ command: 'backup', environment: options.environment, global: options }, context, async (run) => {
    const config = configOf(options, context)
    const asked = resolveEnvironment(config, options.environment)
    const { host, name } = asked
    requireDocker(asked, 'backup')
    const holder = makeHolder(
      { run: run.id, command: backupCommandLine(options), verb: 'backup', target: name, config, host },
      context,
    )
    const { report } = run
    const { lockWait } = options
    await using hostLock = await lockHost({ config, host, holder, lockWait, report }, context)
    await using server = await openEnvironment(
      { config, environment: asked, run: run.id, report, lockWait },
      context,
    )
    const { engine, environment } = server
    requireSessions(environment, config)
    const state = requireState(config, host, context.env)
    const place = options.to === undefined ? state : placeAt(state, resolve(context.cwd, options.to))
    const shared = requireShared(engine)
    const opened = { run, config, environment, engine: shared, state, place, host: hostLock, holder }
    return await runBackup(opened, options, context)
  })
