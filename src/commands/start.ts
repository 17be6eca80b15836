import { throughCurrent } from '../config/current-release.ts'
import type { Config } from '../config/load.ts'
import { dbmateImage, hostNetworks, requireVolumeHere, resolveHost } from '../config/resolve.ts'
import type { ExitCode } from '../errors.ts'
import { configOf } from '../frame/config-of.ts'
import type { GlobalOptions, Program, Wire } from '../frame/options.ts'
import { type Run, withRun } from '../frame/run.ts'
import { pullStack } from '../io/docker/compose.ts'
import { type ComposeParts, readComposeParts } from '../io/docker/compose-parts.ts'
import type { VolumeGuard } from '../io/docker/guard-container.ts'
import { type DockerHost, openDockerHost } from '../io/docker/host.ts'
import { hasImage } from '../io/docker/image.ts'
import { networkExists } from '../io/docker/postgres-container.ts'
import { readHolders, refuseHeldVolume, volumeExists } from '../io/docker/volume.ts'
import { shellUntil } from '../io/host/shell.ts'
import { anyLost } from '../io/postgres/lock.ts'
import type { Context } from '../model/context.ts'
import type { Holder } from '../model/holder.ts'
import { performWith } from '../model/kind.ts'
import type { Host } from '../model/types.ts'
import { planStart, requireStack, type StartWorld } from '../plan/start.ts'
import { execute } from '../run/execute.ts'
import { guardVolume } from '../run/guard.ts'
import { lockHost } from '../run/lock-host.ts'
import { makeHolder } from '../run/make-holder.ts'
import { requireLock } from '../run/require-lock.ts'
import { startKinds } from '../run/steps/start-kinds.ts'
import { verbs } from './verbs.ts'

export type StartOptions = GlobalOptions & { host: string }

export const startCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.start,
    (args) =>
      args.positional('host', { type: 'string', demandOption: true, describe: 'One of hosts in the config' }),
    wire(start),
  )

type Opened = {
  run: Run
  config: Config
  host: Host
  docker: DockerHost
  parts: ComposeParts
  lockWait: number
  holder: Holder
}

/** A start is an act on the volume. What it starts from may have to be pulled for it first. */
const guard = async (opened: Opened, context: Context): Promise<VolumeGuard | undefined> => {
  const { run, config, host, docker, parts, lockWait, holder } = opened
  const { volume, stack } = host
  if (!volume || !stack) return undefined
  const { report } = run
  const images = [...parts.images, dbmateImage(config)]
  const present = await Promise.all(images.map((image) => hasImage(docker.client, image)))
  if (!present.includes(true))
    await pullStack(docker, { stack, passEnv: config.compose.pass_env, onLine: report.progress })
  return guardVolume(docker.client, { volume, images, holder, lockWait, report }, context)
}

const commandOf = ({ name }: Host): string => `po-migrate start ${name}`

const readWorld = async ({
  config,
  host,
  docker: { client: docker },
  parts,
}: Opened): Promise<StartWorld> => {
  const { volume, stack } = host
  if (volume && stack) refuseHeldVolume(volume, await readHolders(docker, volume, stack.project))
  const { external } = parts
  const networks = hostNetworks(config, host.name).filter((network) => external.networks.has(network))
  const present = await Promise.all(networks.map((network) => networkExists(docker, network)))
  const isMissing = volume && external.volumes.has(volume) && !(await volumeExists(docker, volume))
  return {
    host,
    missingNetworks: networks.filter((_, index) => !present[index]),
    missingVolume: isMissing ? volume : undefined,
  }
}

/**
 * Starts the stack that runs a host's Postgres, and waits until it is healthy. Networks and a volume that the compose file
 * takes from outside are made first; what compose makes itself is left to it, since it refuses such a network of anybody else.
 */
export const start = (options: StartOptions, context: Context): Promise<ExitCode> =>
  withRun({ command: 'start', environment: options.host, global: options }, context, async (run) => {
    const config = configOf(options, context)
    requireVolumeHere(config, options.host)
    const host = throughCurrent(resolveHost(config, options.host))
    const { lockWait } = options
    const { report } = run
    const { interrupt, stop } = context
    const passEnv = config.compose.pass_env
    const resume = commandOf(host)
    const holder = makeHolder(
      { run: run.id, command: resume, verb: 'start', target: host.name, config, host },
      context,
    )
    const stack = requireStack(host)
    await using hostLock = await lockHost({ config, host, holder, lockWait, report }, context)
    const docker = await openDockerHost(context.env, shellUntil(stop))
    const parts = await readComposeParts(docker, { stack, passEnv })
    const opened = { run, config, host, docker, parts, lockWait, holder }
    await using held = await guard(opened, context)
    const plan = planStart(await readWorld(opened))
    run.start(plan)
    const perform = performWith(startKinds, { docker, passEnv, onProgress: report.progress })
    const lost = anyLost(hostLock, held)
    return await execute(plan, {
      run: run.id,
      kinds: startKinds,
      perform: async (step) => {
        hostLock.verify()
        await held?.verify()
        requireLock(lost)
        return perform(step)
      },
      report,
      interrupt,
      stop,
      resume,
    })
  })
