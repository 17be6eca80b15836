import { hostNetworks, resolveHost } from '../config/resolve.ts'
import type { ExitCode } from '../errors.ts'
import { openDockerHost } from '../io/docker-host.ts'
import { networkExists } from '../io/postgres-container.ts'
import { shellUntil } from '../io/shell.ts'
import { readHolders, refuseHeldVolume, volumeExists } from '../io/volume.ts'
import type { Context } from '../model/context.ts'
import { planStart } from '../plan/start.ts'
import { execute } from '../run/execute.ts'
import { openPerformer } from '../run/perform.ts'
import { lockHost, makeHolder } from '../run/with-locks.ts'
import { configOf } from './config-of.ts'
import type { GlobalOptions, Program, Wire } from './options.ts'
import { withRun } from './run.ts'

export type StartOptions = GlobalOptions & { host: string }

export const startCommand = (program: Program, wire: Wire) =>
  program.command(
    'start <host>',
    "Start the stack of a host's Postgres, with its networks and its volume",
    (args) =>
      args.positional('host', { type: 'string', demandOption: true, describe: 'One of hosts in the config' }),
    wire(start),
  )

/** Starts the stack that runs a host's Postgres, with the networks and the volume that it needs, and waits until it is healthy. */
export const start = (options: StartOptions, context: Context): Promise<ExitCode> =>
  withRun({ command: 'start', environment: options.host, global: options }, context, async (run) => {
    const config = configOf(options, context)
    const host = resolveHost(config, options.host)
    const holder = makeHolder({ run: run.id, command: `po-migrate start ${host.name}` }, context)
    await using _host = await lockHost(
      { config, host, holder, lockWait: options.lockWait, report: run.report },
      context,
    )
    const dockerHost = await openDockerHost(context.env, shellUntil(context.stop))
    const { docker } = dockerHost
    const { volume, stack } = host
    if (volume && stack) refuseHeldVolume(volume, await readHolders(docker, volume, stack.project))
    const networks = hostNetworks(config, host.name)
    const present = await Promise.all(networks.map((network) => networkExists(docker, network)))
    const plan = planStart({
      host,
      missingNetworks: networks.filter((_, index) => !present[index]),
      missingVolume: volume && !(await volumeExists(docker, volume)) ? volume : undefined,
    })
    run.start(plan)
    await using performer = openPerformer(plan, {
      host: dockerHost,
      passEnv: config.compose.pass_env,
      onProgress: run.report.progress,
      stop: context.stop,
    })
    const resume = `po-migrate start ${host.name}`
    return await execute(plan, {
      run: run.id,
      perform: performer.perform,
      report: run.report,
      interrupt: context.interrupt,
      stop: context.stop,
      resume,
    })
  })
