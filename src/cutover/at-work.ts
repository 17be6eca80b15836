import type { Config } from '../config/load.ts'
import { requireState } from '../config/state.ts'
import { AppError, exitCodes } from '../errors.ts'
import { openDockerHost } from '../io/docker/host.ts'
import { readVolumeHolder } from '../io/docker/volume-holder.ts'
import { acquireHostLock, readHostHolder } from '../io/host/host-lock.ts'
import { runLogFile, runLogSize } from '../io/host/run-log.ts'
import { shellUntil } from '../io/host/shell.ts'
import type { Context } from '../model/context.ts'
import { type Holder, isCutoverOf } from '../model/holder.ts'
import { isUnfinished, type Position } from '../model/position.ts'
import type { State } from '../model/state.ts'
import { makeHolder } from '../run/make-holder.ts'
import { makeRunId } from '../run/run-id.ts'
import { readNewest } from '../run/unfinished.ts'
import type { CutoverOptions } from './conduct.ts'
import type { CutoverHost } from './tools.ts'

export type Followed = { options: CutoverOptions; config: Config; host: CutoverHost; context: Context }

/** The newest run of the host, by its journal. */
export const newestOf = ({ config, host, context }: Followed): Position | undefined =>
  readNewest(requireState(config, host, context.env), host)

const isHeld = async ({ root }: State, holder: Holder, path: string | undefined): Promise<boolean> => {
  try {
    await using _lock = await acquireHostLock({ state: root, mode: 'shared', holder, wait: 0, path })
    return false
  } catch (error) {
    if (error instanceof AppError && error.exitCode === exitCodes.locked) return true
    throw error
  }
}

/** Whether a cutover of this host is at work now, here or in a session of its own. */
export const isLive = async ({ config, host, context }: Followed): Promise<boolean> => {
  const state = requireState(config, host, context.env)
  const holder = makeHolder(
    {
      ...{ run: makeRunId(new Date()), command: `po-migrate cutover ${host.name}` },
      ...{ verb: 'cutover', target: host.name, config, host },
    },
    context,
  )
  const isOwn = (other: Holder | undefined): boolean =>
    other !== undefined && isCutoverOf(other, host.name, state.own)
  const named = readHostHolder(state.root)
  if (named) return isOwn(named) && (await isHeld(state, holder, context.env.PATH))
  if (!isUnfinished(readNewest(state, host))) return false
  // Where there is no flock, the guard of the volume tells.
  const { client: docker } = await openDockerHost(context.env, shellUntil(context.stop))
  return isOwn((await readVolumeHolder(docker, [host.volume]))?.holder)
}

export type AtWork = {
  newest: Position | undefined
  /** The newest, or one that has no journal yet. */
  isLive: boolean
  /** There is something to look at: it was confirmed, and writes a log. */
  isVisible: boolean
}

/** What is on its way on the host. */
export const readAtWork = async (followed: Followed): Promise<AtWork> => {
  const { config, host, context } = followed
  const state = requireState(config, host, context.env)
  const live = await isLive(followed)
  // After that: one that ended meanwhile is neither at work nor half-way.
  const newest = readNewest(state, host)
  const writes =
    newest !== undefined && !newest.outcome && runLogSize(runLogFile(state, newest.frame.run)) > 0
  return { newest, isLive: live, isVisible: live && writes }
}
