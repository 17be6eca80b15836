import { resolveEnvironment } from '../config/resolve.ts'
import { type ExitCode, usageError } from '../errors.ts'
import { configOf } from '../frame/config-of.ts'
import {
  databaseOption,
  environmentArgument,
  type GlobalOptions,
  type Program,
  paintFor,
  type Wire,
} from '../frame/options.ts'
import { withRun } from '../frame/run.ts'
import { requireShared } from '../io/shared-engine.ts'
import type { Context } from '../model/context.ts'
import { lockHost } from '../run/lock-host.ts'
import { makeHolder } from '../run/make-holder.ts'
import { openEnvironment } from '../run/open-environment.ts'
import { requireDocker } from '../run/require-docker.ts'
import { runAdopt } from '../schema/adopt.ts'
import { openLive } from '../schema/open-bench.ts'
import { adoptCommandLine } from '../schema/plan/adopt.ts'
import { verbs } from './verbs.ts'

export type AdoptOptions = GlobalOptions & {
  environment: string
  db: readonly string[]
  allowDifference: readonly string[]
}

const objectsOf = (names: string[] | boolean): string[] => {
  if (Array.isArray(names)) return names
  throw usageError('--allow-difference takes the name of an object.', 'po-migrate adopt --help')
}

export const adoptCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.adopt,
    (args) =>
      databaseOption(environmentArgument(args))
        .option('allow-difference', {
          type: 'string',
          array: true,
          nargs: 1,
          default: [] as string[],
          requiresArg: true,
          coerce: objectsOf,
          describe: 'An object that may differ, such as "table public.notes"; may be given several times',
        })
        .example('$0 adopt qual --db calendar', 'what is proven, then the question')
        .example('$0 adopt qual --confirm yes', ''),
    wire(adopt),
  )

/** Records, in every managed database of an environment or in the named ones, the migrations that provably made what is there. */
export const adopt = (options: AdoptOptions, context: Context): Promise<ExitCode> =>
  withRun({ command: 'adopt', environment: options.environment, global: options }, context, async (run) => {
    const config = configOf(options, context)
    const resolved = resolveEnvironment(config, options.environment, options.db)
    const { host } = resolved
    requireDocker(resolved, 'adopt')
    const { report } = run
    const { lockWait } = options
    const command = adoptCommandLine(options)
    const holder = makeHolder(
      { run: run.id, command, verb: 'adopt', target: resolved.name, config, host },
      context,
    )
    await using hostLock = await lockHost({ config, host, holder, lockWait, report }, context)
    await using opened = await openEnvironment(
      { config, environment: resolved, run: run.id, report, lockWait },
      context,
    )
    const { environment } = opened
    const engine = requireShared(opened.engine)
    const live = await openLive(engine, run)
    const paint = paintFor(context.stdout, options, context)
    const parts = { run, config, environment, engine, live, host: hostLock, holder, paint }
    return await runAdopt(parts, options, context)
  })
