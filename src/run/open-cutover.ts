import type { Config } from '../config/load.ts'
import { hostEnvironments } from '../config/resolve.ts'
import { requireState } from '../config/state.ts'
import { readServiceImage } from '../io/compose.ts'
import { type DockerHost, openDockerHost } from '../io/docker-host.ts'
import { shellUntil } from '../io/shell.ts'
import { readStack } from '../io/stack.ts'
import { removeThrowaways } from '../io/throwaway.ts'
import type { Context } from '../model/context.ts'
import type { CutoverFrame } from '../model/cutover.ts'
import type { State } from '../model/state.ts'
import type { Report } from '../report/report.ts'
import type { CutoverHost, CutoverTools } from './cutover-tools.ts'
import { openServerSide, type ServerSide } from './server-side.ts'
import { lockHost, makeHolder } from './with-locks.ts'

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
 * Takes the host exclusively: from here on nobody else starts, migrates or cuts over.
 * @throws AppError: exit 5 somebody else has it, 6 no Docker.
 */
export const openCutover = async (
  { config, host, run, report, command, lockWait }: OpenCutoverOptions,
  context: Context,
): Promise<OpenedCutover> => {
  const holder = makeHolder({ run, command }, context)
  const passEnv = config.compose.pass_env
  const state = requireState(config, host, context.env)
  const lock = await lockHost({ config, host, holder, lockWait, report, mode: 'exclusive' }, context)
  try {
    const docker = await openDockerHost(context.env, shellUntil(context.stop))
    await removeThrowaways(docker.docker, host.volume)
    const environments = hostEnvironments(config, host.name)
    const servers = openServerSide({ config, environments, run, holder, lockWait, report }, context)
    const service = config.environments[environments[0] ?? '']?.service ?? ''
    const [database] = await readStack(docker.docker, host.stack.project)
    const image = database?.image ?? (await readServiceImage(docker, { stack: host.stack, passEnv, service }))
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
        return { frame, host, docker, servers, run, image, state, passEnv, interrupt, stop, report }
      },
      [Symbol.asyncDispose]: async () => {
        await servers[Symbol.asyncDispose]()
        await lock[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await lock[Symbol.asyncDispose]()
    throw error
  }
}
