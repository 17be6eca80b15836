import type { Config } from '../config/load.ts'
import { requireState } from '../config/state.ts'
import { hasFlock, readHostHolder } from '../io/host/host-lock.ts'
import type { Context } from '../model/context.ts'
import type { Host } from '../model/types.ts'
import { refuseHalfWay } from './unfinished.ts'

/**
 * Whether the host may be looked at without its lock: nobody has it alone, and there is one to take. Who finds something to do takes the lock, which
 * comes at once unless a cutover began meanwhile.
 * @throws AppError (exit 4) while a cutover that ended half-way waits.
 */
export const isFree = ({ config, host }: { config: Config; host: Host }, { env }: Context): boolean => {
  const state = requireState(config, host, env)
  if (readHostHolder(state.root) || !hasFlock(env.PATH)) return false
  refuseHalfWay(state, host)
  return true
}
