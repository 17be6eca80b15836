import type { Config } from '../config/load.ts'
import { dbmateImage, hostEnvironments } from '../config/resolve.ts'
import { requireState } from '../config/state.ts'
import { readDatabaseService } from '../io/docker/compose-parts.ts'
import { type DockerHost, openDockerHost } from '../io/docker/host.ts'
import { readStack } from '../io/docker/stack.ts'
import { removeThrowaways } from '../io/docker/throwaway.ts'
import { shellUntil } from '../io/host/shell.ts'
import { anyLost } from '../io/postgres/lock.ts'
import type { Context } from '../model/context.ts'
import type { CutoverFrame } from '../model/cutover.ts'
import type { State } from '../model/state.ts'
import type { Report } from '../report/report.ts'
import { guardVolume } from '../run/guard.ts'
import { lockHostAlone } from '../run/lock-host.ts'
import { makeHolder } from '../run/make-holder.ts'
import { openServerSide, type ServerSide } from './server-side.ts'
import type { CutoverHost, CutoverTools } from './tools.ts'

export type OpenCutoverOptions = {
  config: Config
  host: CutoverHost
  run: string
  report: Report
  /** The command line as typed, for whoever has to wait. */
  command: string
  lockWait: number
}

/** A host that this run has for itself. `tools` acts on a frame: that of the journal. */
export type OpenedCutover = AsyncDisposable & {
  state: State
  docker: DockerHost
  servers: ServerSide
  passEnv: readonly string[]
  /** For work on volumes. */
  image: string
  /** Who this is, for the journal. */
  by: string
  tools: (frame: CutoverFrame) => CutoverTools
}

/**
 * Takes the host exclusively, and its volume from whoever knows the host by another state directory: from here on nobody else
 * starts, migrates or cuts over.
 * @throws AppError: exit 5 somebody else has either, 6 no Docker.
 */
export const openCutover = async (
  { config, host, run, report, command, lockWait }: OpenCutoverOptions,
  context: Context,
): Promise<OpenedCutover> => {
  const holder = makeHolder({ run, command, verb: 'cutover', target: host.name, config, host }, context)
  const passEnv = config.compose.pass_env
  const state = requireState(config, host, context.env)
  const lock = await lockHostAlone({ config, host, holder, lockWait, report }, context)
  const opened: AsyncDisposable[] = [lock]
  const close = async (): Promise<void> => {
    for (const one of opened.toReversed()) await one[Symbol.asyncDispose]()
  }
  try {
    const docker = await openDockerHost(context.env, shellUntil(context.stop))
    const environments = hostEnvironments(config, host.name)
    const { service } = config.environments[environments[0] ?? ''] ?? {}
    const [database] = await readStack(docker.client, host.stack.project)
    const { volume, stack } = host
    const image =
      database?.image ?? (await readDatabaseService(docker, { stack, passEnv, service, volume })).image
    const images = [image, dbmateImage(config)]
    const guard = await guardVolume(docker.client, { volume, images, holder, lockWait, report }, context)
    opened.push(guard)
    await removeThrowaways(docker.client, { volume, projects: state.own })
    const servers = openServerSide({ config, environments, run, holder, lockWait, report }, context)
    opened.push(servers)
    const { interrupt, stop } = context
    return {
      state,
      docker,
      servers,
      passEnv,
      image,
      by: `${holder.user}@${holder.host}`,
      tools: (frame) => {
        servers.pin(frame.configs ?? {})
        const lost = anyLost(lock, guard)
        const verify = async (): Promise<void> => {
          lock.verify()
          await guard.verify()
        }
        return {
          ...{ frame, host, docker, verify, lost, servers, run, image, state },
          ...{ passEnv, interrupt, stop, report },
        }
      },
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
