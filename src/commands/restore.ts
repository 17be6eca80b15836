import { resolve } from 'node:path'
import { originOf, refuseForeign } from '../backup/adopt-owner.ts'
import { requireWhole } from '../backup/check-files.ts'
import { type RestoreOptions, restoreCommandLine, runRestore } from '../backup/conduct-restore.ts'
import { readManifest } from '../backup/manifest.ts'
import { resolveEnvironment } from '../config/resolve.ts'
import { requireState } from '../config/state.ts'
import type { ExitCode } from '../errors.ts'
import { configOf } from '../frame/config-of.ts'
import { databaseOption, environmentArgument, type Program, type Wire } from '../frame/options.ts'
import { withRun } from '../frame/run.ts'
import { requireShared } from '../io/shared-engine.ts'
import type { Context } from '../model/context.ts'
import { lockHost } from '../run/lock-host.ts'
import { makeHolder } from '../run/make-holder.ts'
import { openEnvironment } from '../run/open-environment.ts'
import { requireDocker } from '../run/require-docker.ts'
import { verbs } from './verbs.ts'

export const restoreCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.restore,
    (args) =>
      databaseOption(environmentArgument(args))
        .option('from', {
          type: 'string',
          requiresArg: true,
          demandOption: true,
          describe: 'Directory of the backup',
        })
        .option('foreign', {
          type: 'boolean',
          default: false,
          describe: "Also another project's backup; always asks for a confirmation",
        })
        .example('$0 restore qual --from DIR --db calendar --confirm yes', ''),
    wire(restore),
  )

/** Brings the databases of an environment, or the named ones, back from a backup. */
const restore = (options: RestoreOptions, context: Context): Promise<ExitCode> =>
  withRun({ command: 'restore', environment: options.environment, global: options }, context, async (run) => {
    const config = configOf(options, context)
    const asked = resolveEnvironment(config, options.environment, options.db)
    const { host } = asked
    const command = restoreCommandLine(options)
    requireDocker(asked, 'restore')
    const directory = resolve(context.cwd, options.from)
    const others = `po-migrate history ${asked.name}`
    const manifest = readManifest(directory, others)
    const state = requireState(config, host, context.env)
    const origin = originOf(directory, manifest, state)
    refuseForeign(origin, {
      directory,
      project: state.project,
      command: `${restoreCommandLine({ ...options, foreign: true })} --confirm yes`,
      foreign: options.foreign,
    })
    const { report } = run
    const { lockWait } = options
    report.note(`reading the files of ${directory}`)
    await requireWhole({ directory, manifest, signal: context.interrupt, others })
    const holder = makeHolder(
      { run: run.id, command, verb: 'restore', target: asked.name, config, host },
      context,
    )
    await using hostLock = await lockHost({ config, host, holder, lockWait, report }, context)
    await using server = await openEnvironment(
      { config, environment: asked, run: run.id, report, lockWait },
      context,
    )
    const { engine, environment } = server
    const shared = requireShared(engine)
    return await runRestore(
      {
        ...{ run, config, environment, engine: shared, state, directory, manifest, origin, holder },
        host: hostLock,
      },
      options,
      context,
    )
  })
