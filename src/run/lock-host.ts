import type { Config } from '../config/load.ts'
import { requireState, stateOf } from '../config/state.ts'
import { acquireHostLock, type HostLock } from '../io/host/host-lock.ts'
import type { Context } from '../model/context.ts'
import { describeHolder, type Holder } from '../model/holder.ts'
import type { Host } from '../model/types.ts'
import type { Report } from '../report/report.ts'
import { requireFlock } from './guard.ts'
import { refuseHalfWay } from './unfinished.ts'

export type HostLockRequest = {
  config: Config
  host: Host
  holder: Holder
  lockWait: number
  report: Report
  /** Told when it did not come at once. */
  onWait?: () => void
}

type Mode = 'shared' | 'exclusive'

/** A lock that nobody gets is let go. */
const releasedUnless = async (lock: HostLock, check: () => void): Promise<HostLock> => {
  try {
    check()
    return lock
  } catch (error) {
    await lock[Symbol.asyncDispose]()
    throw error
  }
}

const acquire = async (
  { config, host, holder, lockWait, report, onWait }: HostLockRequest,
  mode: Mode,
  context: Context,
): Promise<HostLock> => {
  const lock = await acquireHostLock({
    state: requireState(config, host, context.env).root,
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
  return releasedUnless(lock, () => requireFlock(lock, host, report))
}

/**
 * The host's lock for a cutover, which has it alone and finds out itself what it may go on with.
 * @throws AppError (exit 5) naming who has it, (exit 4) where several write and there is no flock.
 */
export const lockHostAlone = (request: HostLockRequest, context: Context): Promise<HostLock> =>
  acquire(request, 'exclusive', context)

/**
 * The host's lock, taken before Postgres is tried and shared with everybody who writes. Whether a cutover ended half-way is
 * known for sure only under it: what is written to the new volume before that goes on could stand in its way.
 * @throws AppError as above, (exit 4) while one waits.
 */
export const lockHost = async (request: HostLockRequest, context: Context): Promise<HostLock> => {
  const { config, host } = request
  const lock = await acquire(request, 'shared', context)
  return releasedUnless(lock, () => refuseHalfWay(stateOf(config, host, context.env), host))
}
