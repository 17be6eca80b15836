import type { Config } from '../config/load.ts'
import { requireState } from '../config/state.ts'
import { acquireHostLock, type HostLock } from '../io/host/host-lock.ts'
import type { Context } from '../model/context.ts'
import { isReset } from '../model/cutover.ts'
import { describeHolder, type Holder } from '../model/holder.ts'
import type { Host } from '../model/types.ts'
import type { Report } from '../report/report.ts'
import { requireFlock } from './guard.ts'
import { readNewest, refuseUnfinished } from './unfinished.ts'

export type HostLockRequest = {
  config: Config
  host: Host
  holder: Holder
  lockWait: number
  report: Report
  /** Told when it did not come at once. */
  onWait?: () => void
  /** Shared with everybody who writes, where nothing else is said: a cutover holds it alone. */
  mode?: 'shared' | 'exclusive'
}

/**
 * The host's lock, taken before Postgres is tried.
 * @throws AppError (exit 5) naming who has it, (exit 4) where several write and there is no flock, and for a shared one while a
 * cutover that ended half-way waits: what is written to the new volume before it goes on could stand in its way.
 */
export const lockHost = async (
  { config, host, holder, lockWait, report, onWait, mode = 'shared' }: HostLockRequest,
  context: Context,
): Promise<HostLock> => {
  const state = requireState(config, host, context.env)
  const lock = await acquireHostLock({
    state: state.root,
    mode,
    holder,
    wait: lockWait,
    interrupt: context.interrupt,
    path: context.env.PATH,
    onWait: (other) => {
      onWait?.()
      report.note(
        `the host is held by ${other ? describeHolder(other) : 'another run'}; waiting, at most ${lockWait} s`,
      )
    },
  })
  try {
    requireFlock(lock, host, report)
    if (mode === 'shared' && host.cutover) refuseUnfinished(readNewest(state, host), !isReset(host.cutover))
    return lock
  } catch (error) {
    await lock[Symbol.asyncDispose]()
    throw error
  }
}
